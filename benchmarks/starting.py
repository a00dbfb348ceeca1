"""How long one waits for the first row of a recording: `python -m benchmarks.starting`.

Doppler and an empty Textual app are started by turns on a pseudo-terminal, and the time from the start of the process to
the first word on the terminal is taken. Textual alone takes most of it, so the ratio is what Doppler can be blamed for.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from benchmarks.work.recording_file import write

WORD = b"Traces"
"""On the first picture of both."""

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("Traces")

Empty().run()
"""
LONGEST_S = 60.0


def first_word(command: list[str], size: tuple[int, int] = (120, 40)) -> float:
    """Seconds until the word is on the terminal."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    # Programs that are installed are compiled already.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True
    )
    os.close(far)
    said = b""
    try:
        while WORD not in said:
            try:
                said += os.read(near, 1 << 16)
            except OSError:
                raise SystemExit(f"{command} ended and said {said[-500:]!r}") from None
            if time.perf_counter() - begin > LONGEST_S:
                raise SystemExit(f"{command} said nothing in {LONGEST_S:.0f} s")
        return time.perf_counter() - begin
    finally:
        process.kill()
        process.wait()
        os.close(near)


def measure(rounds: int, signals: int) -> dict[str, float]:
    """Medians over rounds, in milliseconds, and the median of the ratios. The first round is not counted."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-starting-") as folder:
        path, empty = Path(folder) / "session.ndjson", Path(folder) / "empty.py"
        write(path, signals)
        empty.write_text(EMPTY)
        samples = []
        for _ in range(rounds + 1):
            bare = first_word([sys.executable, str(empty)])
            ours = first_word([sys.executable, "-m", "cosmo_doppler", "doppler", str(path)])
            samples.append((bare, ours, ours / bare))
    bare_s, ours_s, ratios = zip(*samples[1:], strict=True)
    return {
        "empty_ms": 1000 * statistics.median(bare_s),
        "doppler_ms": 1000 * statistics.median(ours_s),
        "ratio": statistics.median(ratios),
    }


def main() -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starting", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--signals", type=int, default=1_000, help="in the recording that is opened")
    asked = parser.parse_args()
    print(json.dumps({name: round(value, 2) for name, value in measure(asked.rounds, asked.signals).items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

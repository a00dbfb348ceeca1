"""Doppler on a real terminal while a bus shouts: `python -m benchmarks.screen`.

A bus, a publisher and Doppler run as processes of their own, Doppler with its real driver on a pseudo-terminal that
this program reads, as a terminal would. A key is pressed again and again; what counts is when its answer has reached
the terminal. There is no peer to measure beside: the budget is absolute, so run it on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import broker, measuring, said
from benchmarks.systems import OURS
from benchmarks.work.talk import quantile

KEY_EVERY_S = 0.4
ANSWER_S = 5.0
PULSE_S = 0.002
"""Output that comes closer together than this is one frame."""

_STYLE = re.compile(rb"\x1b\[[0-9;]*m")
_STATUS = re.compile(rb"[ \x1b]Doppler {2,}[^\x1b]*")
_SEEN = re.compile(rb"([0-9.,]+M?) signals(?! behind)")
_BEHIND = re.compile(rb"([0-9.,]+M?) signals behind")
_DROPPED = re.compile(rb"([0-9.,]+M?) dropped")
_TAB = re.compile(rb"Signals \(?([0-9.,]+M?)")
CATCH_UP_S = 120.0
"""How long Doppler may take to fold what came before."""

KEYS = {"key": (b":", b"tab completes", b"\x1b"), "form": (b"?", b"esc closes", b"q")}
"""What is pressed by turns: what for, what then appears, and what takes it away. A form costs the most of all."""


class Volume(NamedTuple):
    """How many signals, in the words of the screen."""

    seen: str
    behind: str
    """Those that are not folded yet; empty while there are few."""
    dropped: str


def volume(output: bytes) -> Volume:
    """What the screen said last of how much came.

    Its first line says it. What a line has no room for is not on it: then the tab of the signals says how many were seen.
    """
    plain = _STYLE.sub(b"", output)
    line = (_STATUS.findall(plain) or [b""])[-1]

    def last(pattern: re.Pattern[bytes], text: bytes, otherwise: str) -> str:
        found = pattern.findall(text)
        return found[-1].decode() if found else otherwise

    return Volume(
        last(_SEEN, line, last(_TAB, plain, "?")), last(_BEHIND, line, ""), last(_DROPPED, line, "0")
    )


@dataclass
class Watch:
    """What came out of the terminal, and when."""

    near: int
    tail: bytes = b""
    written: int = 0
    frames: list[float] = field(default_factory=list)

    def read(self, seconds: float) -> bytes:
        """What comes within that time, at most one chunk; b"" for nothing."""
        ready, _, _ = select.select([self.near], [], [], max(0.0, seconds))
        if not ready:
            return b""
        some = os.read(self.near, 1 << 20)
        now = time.perf_counter()
        if not self.frames or now - self.frames[-1] > PULSE_S:
            self.frames.append(now)
        self.written += len(some)
        self.tail = (self.tail + some)[-200_000:]
        return some

    def until(self, text: bytes, seconds: float) -> float | None:
        """When a text has come; None if it does not in that time."""
        end = time.perf_counter() + seconds
        heard = b""
        while (left := end - time.perf_counter()) > 0:
            heard += self.read(left)
            if text in heard:
                return time.perf_counter()
        return None

    def rest(self, seconds: float) -> None:
        """Read for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)


def measure(rate: int, signals: int, size: tuple[int, int], view: str, fps: int) -> dict[str, object]:
    """Let so many signals arrive, and press keys meanwhile."""
    with ExitStack() as stack:
        url = stack.enter_context(broker(OURS))
        flood = stack.enter_context(
            measuring(OURS, "flood", {"url": url, "rate": rate, "signals": signals, "seconds": 0})
        )
        said(flood, "ready")
        watch, process = stack.enter_context(_Doppler(url, size, view, fps))
        opened_after = watch.until(b"Traces", 20)
        if opened_after is None:
            raise SystemExit("Doppler never came up")
        watch.rest(1.0)
        flood.send_signal(signal.SIGUSR1)
        begin, cpu = time.perf_counter(), _cpu(process.pid)
        watch.frames.clear()
        answers: dict[str, list[float]] = {name: [] for name in KEYS}
        silent = 0
        turns = cycle(KEYS.items())
        while time.perf_counter() - begin < signals / rate:
            watch.rest(KEY_EVERY_S)
            name, (key, answer, back) = next(turns)
            pressed = time.perf_counter()
            os.write(watch.near, key)
            answered = watch.until(answer, ANSWER_S)
            if answered is None:
                silent += 1
            else:
                answers[name].append(answered - pressed)
            os.write(watch.near, back)
        took = time.perf_counter() - begin
        used = _cpu(process.pid) - cpu
        gaps = [after - before for before, after in zip(watch.frames, watch.frames[1:], strict=False)]
        sent = said(flood, "result")
        ended = time.perf_counter()
        behind = volume(watch.tail).behind
        while volume(watch.tail).behind and time.perf_counter() - ended < CATCH_UP_S:
            watch.rest(0.2)
        caught_up = time.perf_counter() - ended
        watch.rest(3.0)
        last = volume(watch.tail)
        return {
            "signals": sent["sent"],
            "per_s": round(sent["per_s"]),
            "shown": last.seen,
            "dropped": last.dropped,
            "behind": behind or "0",
            "caught_up_s": round(caught_up, 1),
            **{
                f"{name}_p{round(share * 100)}_ms": _ms(quantile(times, share))
                for name, times in answers.items()
                for share in (0.5, 0.95, 0.99)
            },
            "keys": sum(map(len, answers.values())),
            "unanswered": silent,
            "frame_p50_ms": _ms(quantile(gaps, 0.5)),
            "frame_p99_ms": _ms(quantile(gaps, 0.99)),
            "cpu": round(used / took, 2),
            "rss_mib": _peak(process.pid),
            "output_kb_per_s": round(watch.written / took / 1000),
        }


class _Doppler:
    """The program on its terminal."""

    def __init__(self, url: str, size: tuple[int, int], view: str, fps: int) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="benchmarks-")
        config = Path(self._scratch.name) / "doppler.toml"
        config.write_text(f"fps = {fps}\n")
        self._near, far = pty.openpty()
        columns, rows = size
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        command = [
            sys.executable,
            "-m",
            "cosmo_doppler",
            "doppler",
            "--url",
            url,
            "-n",
            "bench",
            "--view",
            view,
        ]
        self._process = subprocess.Popen(
            command,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COSMO_CONFIG": str(config)},
        )
        os.close(far)

    def __enter__(self) -> tuple[Watch, subprocess.Popen[bytes]]:
        return Watch(self._near), self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._near)
        self._scratch.cleanup()


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) // 1024 if found else 0


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def main() -> int:
    """Measure and print one line of JSON for each view."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=__doc__)
    parser.add_argument("--rate", type=int, default=50_000, help="signals per second (default 50000)")
    parser.add_argument("--signals", type=int, default=3_000_000, help="how many (default 3000000: a minute)")
    parser.add_argument("--size", default="120x40", help="columns and rows (default 120x40)")
    parser.add_argument("--view", action="append", help="which view; may be given again (default traces)")
    parser.add_argument("--fps", type=int, default=30, help="looks per second (default 30)")
    asked = parser.parse_args()
    columns, _, rows = asked.size.partition("x")
    for view in asked.view or ["traces"]:
        result = measure(asked.rate, asked.signals, (int(columns), int(rows)), view, asked.fps)
        print(json.dumps({"view": view, "size": asked.size, **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

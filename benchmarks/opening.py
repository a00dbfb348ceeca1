"""W6: a large recording, opened and indexed; lnav does the same where it is installed."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.processes import SampleFailed, measuring, said
from benchmarks.systems import COSMONAPSE, LNAV, System
from benchmarks.work.recording_file import write

Sample = dict[str, float | None]

_COLUMNS = ("id", "type", "trace_id", "parent_id", "v")
_FORMAT = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "signals": {
        "title": "recorded signals",
        "json": True,
        "hide-extra": True,
        "file-pattern": r".*\.ndjson",
        "timestamp-field": "ts",
        "level-field": "type",
        "body-field": "type",
        "line-format": [{"field": "ts"}, " ", {"field": "type"}],
        "value": {
            name: {"kind": "string", **({"identifier": True} if name == "trace_id" else {})}
            for name in _COLUMNS
        },
    },
}


def beside() -> System:
    """What a recording is opened with for comparison: lnav, or the released peer's reader without it."""
    return LNAV if shutil.which("lnav") else COSMONAPSE


def opening(system: System, parameters: dict[str, Any]) -> Sample:
    """Open a recording of so many lines, fewer for samples shorter than two seconds."""
    path = _recording(int(parameters["lines"] * min(1.0, parameters["seconds"] / 2)))
    if system is LNAV:
        return _with_lnav(path)
    with measuring(system, "opening", {**parameters, "path": str(path)}) as process:
        return said(process, "result")


@cache
def _recording(lines: int) -> Path:
    """Made once for all rounds."""
    folder = tempfile.mkdtemp(prefix="benchmarks-recording-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "session.ndjson"
    write(path, lines)
    return path


def _with_lnav(path: Path) -> Sample:
    """lnav without a terminal: it indexes the file with a format made for it, and counts the rows of its table."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-lnav-") as home:
        formats = Path(home) / ".lnav" / "formats" / "installed"
        formats.mkdir(parents=True)
        (formats / "signals.json").write_text(json.dumps(_FORMAT))
        begin = time.perf_counter()
        process = subprocess.Popen(
            ["lnav", "-n", "-c", ";select count(*) from signals", str(path)],
            env={**os.environ, "HOME": home},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        told = process.stdout.read().split()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - begin
    if process.returncode or not told or not told[-1].isdigit():
        raise SampleFailed(f"lnav ended with {process.returncode}")
    lines, spent = int(told[-1]), usage.ru_utime + usage.ru_stime
    return {
        "per_cpu_s": lines / spent,
        "per_s": lines / took,
        "took_s": took,
        "rss_mib": usage.ru_maxrss / 1024,
    }

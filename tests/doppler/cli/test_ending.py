"""A process whose terminal is gone ends, whatever it waits for."""

from __future__ import annotations

import subprocess
import sys

STUCK = """
import threading
from cosmo_doppler.cli.running import end_at_latest
end_at_latest(0.2, 129)
threading.Event().wait()
"""


def test_who_waits_for_ever_is_ended() -> None:
    assert subprocess.run([sys.executable, "-c", STUCK], timeout=60, check=False).returncode == 129


def test_who_ends_by_itself_is_not_kept_waiting() -> None:
    ended = STUCK.replace("0.2", "1000").replace("threading.Event().wait()", "")
    assert subprocess.run([sys.executable, "-c", ended], timeout=60, check=False).returncode == 0

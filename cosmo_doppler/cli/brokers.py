"""Who on this machine shows which namespace of somebody else's broker: the file released commands keep (PROTOCOL 10).

A broker such as nats-server knows no namespaces, so `synapse view` and `synapse stop` find the commands of ours and of
released peers there.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cosmo_doppler.cli.options import read_url
from cosmo_doppler.settings import without_login

FOLDER_VARIABLE = "COSMONAPSE_STATE_DIR"
"""Environment variable: the folder of the file; `~/.cosmonapse` when not set."""


class Started(NamedTuple):
    """One `synapse start` on a broker."""

    namespace: str
    transport: str
    pid: int
    started_at: str
    """RFC 3339."""

    @property
    def running(self) -> bool:
        """Whether that process still is, and is such a command: numbers of processes come again."""
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        words = Path(f"/proc/{self.pid}/cmdline")
        with suppress(OSError):
            return b"synapse" in words.read_bytes()
        return True  # a system that shows no command lines

    def end(self) -> None:
        """Ask it to end.

        Raises:
            OSError: it is somebody else's, or gone.
        """
        os.kill(self.pid, signal.SIGTERM)


def state_file() -> Path:
    """Where it is written down."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return (Path(folder) if folder else Path.home() / ".cosmonapse") / "registry.json"


def started_on(url: str) -> list[Started]:
    """What was started on a broker and not ended since, by namespace.

    Args:
        url: as `read_url` writes it. What logs in there counts for nothing.
    """
    found = []
    for each, namespaces in _read().items():
        if _same(each, url) and isinstance(namespaces, dict):
            found += [_started(name, facts) for name, facts in namespaces.items() if isinstance(facts, dict)]
    return sorted(found)


def note_start(url: str, namespace: str) -> None:
    """Write down that this process shows a namespace.

    Raises:
        OSError: the file cannot be written.
    """
    started_at = datetime.now(UTC).isoformat()
    with _changing() as state:
        facts = {"transport": "nats", "pid": os.getpid(), "started_at": started_at}
        state.setdefault(without_login(url), {})[namespace] = facts


def forget_start(url: str, started: Started) -> None:
    """Strike out one start, unless another process took its place meanwhile.

    Raises:
        OSError: the file cannot be written.
    """
    with _changing() as state:
        for each in [each for each in state if _same(each, url)]:
            namespaces = state[each]
            if namespaces.get(started.namespace, {}).get("pid") == started.pid:
                del namespaces[started.namespace]
            if not namespaces:
                del state[each]


def _started(namespace: str, facts: dict[str, Any]) -> Started:
    pid = facts.get("pid")
    return Started(
        namespace=namespace,
        transport=str(facts.get("transport", "")),
        pid=pid if isinstance(pid, int) and pid > 0 else 2**62,
        started_at=str(facts.get("started_at", "")),
    )


def _same(key: str, url: str) -> bool:
    """Whether a key of the file, written by whichever release, means that broker."""
    try:
        return without_login(read_url(key)) == without_login(url)
    except ValueError:
        return False


def _read() -> dict[str, Any]:
    try:
        state = json.loads(state_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


@contextmanager
def _changing() -> Iterator[dict[str, Any]]:
    """The whole file, written again at the end in one step; commands of ours take turns."""
    path = state_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as turn:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(turn, fcntl.LOCK_EX)
        state = _read()
        yield state
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(state, indent=2), encoding="utf-8")
        unfinished.replace(path)

"""The demo: a small market of agents that lives on a bus of its own, so that there is something to watch.

Everything it shows is a real signal of the SDK on a real bus; whoever likes may attach to that bus as well.
"""

from __future__ import annotations

from pathlib import Path

from cosmo_doppler.demo.pace import Pace
from cosmo_doppler.demo.source import DemoSource
from cosmo_doppler.demo.worker import NAMESPACE
from cosmo_doppler.session import Recorder, Session

__all__ = ["open_demo"]


def open_demo(*, record: Path | None = None, seed: int | None = None, scale: float = 1.0) -> Session:
    """A session on a market that starts and ends with it, not started yet.

    Args:
        record: also write what is seen to this file.
        seed: the same seed makes the agents choose the same work and prices.
        scale: stretches every wait; 1.0 is calm enough to follow by eye, tests go faster.

    Raises:
        RecordingError: the file cannot be written.
    """
    return Session(
        DemoSource(Pace(scale, seed)),
        kind="demo",
        title="demo",
        namespace=NAMESPACE,
        recorder=None if record is None else Recorder(record),
    )

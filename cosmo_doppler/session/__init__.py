"""Sessions: live, replayed or from the demo; downstream nothing can tell.

What watches a bus is in `live`, which those who open a recording need not import.
"""

from cosmo_doppler.session.places import SPEEDS
from cosmo_doppler.session.recorder import Recorder
from cosmo_doppler.session.replay import load_all, load_start, open_replay, read_through
from cosmo_doppler.session.session import Gap, Session, SessionKind, SlicedSource, Source
from cosmo_doppler.session.status import SessionState, SessionStatus
from cosmo_doppler.session.timeline import Timeline

__all__ = [
    "SPEEDS",
    "Gap",
    "Recorder",
    "Session",
    "SessionKind",
    "SessionState",
    "SessionStatus",
    "SlicedSource",
    "Source",
    "Timeline",
    "load_all",
    "load_start",
    "open_replay",
    "read_through",
]

"""How a recording is played, and how much of a bus is kept in memory: the flags of `cosmo doppler`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosmo_doppler.cli.options import BYTES, Checked

if TYPE_CHECKING:
    from cosmo_doppler.session import Session
    from cosmo_doppler.session.places import Place

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Playing:
    """What was asked for."""

    speed: float
    paused: bool
    loop: bool
    cut_pauses: bool
    first: Place | None
    last: Place | None
    memory: int | None
    """Bytes of frames kept in memory; None for as much as usual."""

    def apply(self, session: Session) -> None:
        """Have a session do so. Call it before `start`."""
        if self.memory is not None:
            session.limit_memory(self.memory)
        timeline = session.timeline
        timeline.loop, timeline.cut_pauses = self.loop, self.cut_pauses
        timeline.play_between(self.first, self.last)

    def rows(self, session: Session, at: Place | None = None) -> Iterable[int]:
        """Positions of the signals of a recording that are to be told, one after the other.

        Args:
            session: on the recording.
            at: where to end, whatever else was said.
        """
        from cosmo_doppler.session import load_start, read_through

        end = at or self.last
        if self.first is None and end is None:
            return read_through(session, sys.stdout.flush)
        load_start(session)
        timeline = session.timeline
        first = 0 if self.first is None else timeline.position_of(self.first)
        return range(first, len(session.store) if end is None else timeline.position_of(end))


def _read_place(text: str) -> Place:
    from cosmo_doppler.errors import SettingError
    from cosmo_doppler.session.places import read_place

    try:
        return read_place(text)
    except SettingError as error:
        raise ValueError(str(error)) from None


def _read_speed(text: str) -> float:
    from cosmo_doppler.errors import SettingError
    from cosmo_doppler.session.places import read_speed

    try:
        return read_speed(text)
    except SettingError as error:
        raise ValueError(str(error)) from None


PLACE = Checked("place in a recording", _read_place)

_FLAGS = (
    click.option(
        "--memory",
        type=BYTES,
        metavar="SIZE",
        help="Keep this much of the signals in memory; older ones move to a temporary file.  [default: 512MB]",
    ),
    click.option("--to", "last", type=PLACE, metavar="PLACE", help="End a replay there."),
    click.option(
        "--from",
        "first",
        type=PLACE,
        metavar="PLACE",
        help="Begin a replay there: 00:01:12, 40% or #18231.",
    ),
    click.option("--cut-pauses", is_flag=True, help="Play at most 2 s of any silence in a recording."),
    click.option("--loop", is_flag=True, help="Play a recording again and again."),
    click.option("--paused", is_flag=True, help="Open a replay paused at its start."),
    click.option(
        "--speed",
        type=Checked("speed", _read_speed),
        default="1",
        show_default=True,
        help="Speed of a replay: 2 is twice as fast as recorded, from 0.1 to 100, or max.",
    ),
)


def playing_options(command: F) -> F:
    """`--speed`, `--paused`, `--loop`, `--cut-pauses`, `--from`, `--to` and `--memory`; the parameter is `playing`."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        asked = Playing(**{name: options.pop(name) for name in Playing.__dataclass_fields__})
        return command(*arguments, playing=asked, **options)

    for flag in _FLAGS:
        gathered = flag(gathered)
    return gathered  # type: ignore[return-value]

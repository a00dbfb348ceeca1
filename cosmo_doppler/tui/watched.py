"""Everything that is watched at the same time: several buses and recordings, one of them on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.session import Session
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui import words
from cosmo_doppler.tui.offer_shelf import OfferShelf
from cosmo_doppler.tui.safe import fit_middle, safe
from cosmo_doppler.tui.theme import Ink

if TYPE_CHECKING:
    from cosmo_doppler.steward import Steward

_NAME_CELLS = 30
_SIGNS = {"live": "●", "replay": "▶", "loading": "…", "connecting": "◐", "reconnecting": "◐"}
_TROUBLE = frozenset({"reconnecting", "unreachable", "closed"})


class Watched:
    """Sessions side by side. All of them go on; the present one is on the screen.

    Args:
        session: the first one.
        reference: what all of them are held against.
    """

    def __init__(self, session: Session, reference: Reference | None = None) -> None:
        self.sessions = [session]
        self.reference = reference or Reference()
        """What all of them are held against."""
        self.at = 0
        """Which of them is on the screen."""
        self.steward: Steward | None = None
        """Who acts on the coordination store that was given; None without one."""
        self.shelf = OfferShelf()
        """Earlier offers and templates; whoever wants them kept between runs sets one with a file."""

    @property
    def present(self) -> Session:
        """The one on the screen."""
        return self.sessions[self.at]

    def add(self, session: Session) -> None:
        """Watch one more, and show it."""
        self.sessions.append(session)
        self.at = len(self.sessions) - 1

    def replace(self, session: Session) -> Session:
        """Show another one instead of the present one, which is returned."""
        before, self.sessions[self.at] = self.sessions[self.at], session
        return before

    def drop(self) -> Session | None:
        """Watch the present one no longer, and return it; None when it is the only one."""
        if len(self.sessions) == 1:
            return None
        dropped = self.sessions.pop(self.at)
        self.at = min(self.at, len(self.sessions) - 1)
        return dropped

    def turn_to(self, index: int) -> bool:
        """Show the one at a place, counted round the ends; False when that one is on the screen already."""
        index %= len(self.sessions)
        changed, self.at = index != self.at, index
        return changed


class Berth(NamedTuple):
    """Where on the line one session stands."""

    place: int
    start: int
    end: int


def name_of(session: Session) -> str:
    """A session in a word, safe: its namespace and place, or the name of its file."""
    place = session.title.rpartition("//")[2]
    name = f"{session.namespace} {place}" if session.kind == "live" else session.namespace or place
    return fit_middle(safe(name, 120), _NAME_CELLS)


def watched_line(watched: Watched, width: int, ink: Ink) -> tuple[list[Segment], list[Berth]]:
    """The sessions with their states, the present one on a ground of its own. What does not fit is left out."""
    line: list[Segment] = []
    berths: list[Berth] = []
    used = 0
    for index, session in enumerate(watched.sessions):
        status = session.status()
        current = index == watched.at
        ground = ink.selection if current else Style()
        sign = ink.failure if status.state in _TROUBLE else ink.dim
        pieces = [
            (" ", ink.dim),
            (f"{_SIGNS.get(status.state, '✗')} ", sign),
            (name_of(session), ink.bold if current else ink.plain),
        ]
        if status.state == "live":
            pieces.append((f" {words.rate(status.rate)}/s", ink.dim))
        elif status.state != "replay":
            pieces.append((f" {status.state}", sign))
        pieces.append((" ", ink.dim))
        cells = sum(cell_len(text) for text, _ in pieces)
        if used + cells > width:
            break
        berths.append(Berth(index, used, used + cells))
        line += [Segment(text, ground + style) for text, style in pieces]
        line.append(Segment(" "))
        used += cells + 1
    return line, berths

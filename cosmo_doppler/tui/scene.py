"""What the screen is about right now: a session, and what is selected in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.offers import Template
from cosmo_doppler.session import Session
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui.against import Against
from cosmo_doppler.tui.filtering import Filtering
from cosmo_doppler.tui.layout import Pane
from cosmo_doppler.tui.pulse import Pulse
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.header import Header

Times = Literal["since start", "absolute", "since previous"]
"""Since the trace began; time of day (UTC); since the signal before, on the same trace."""

TIMES: tuple[Times, ...] = get_args(Times)


class Scene:
    """The selection that all panes share. Reading it is only safe while the session's lock is held."""

    def __init__(self, session: Session, reference: Reference | None = None) -> None:
        self.session = session
        self.against = Against(reference)
        """What is seen, held against a baseline."""
        self.filtering = Filtering(session)
        """What the lists are narrowed to."""
        self.trace_id: str | None = None
        self.offer_id: str | None = None
        self.fault: object = None
        """What the selected fault is known by."""
        self.object_key: str | None = None
        """What the selected object of coordination is known by; or the heading that is selected instead."""
        self.seq: int | None = None
        """Position in the store of the signal the inspector shows."""
        self.hold_id: str | None = None
        """The held signal that is selected."""
        self.pulse: Pulse | None = None
        """How the screen does; None while it is drawn by hand."""
        self.times: Times = "since start"
        """How moments are told."""
        self.columns: Callable[[Pane], tuple[str, ...]] = lambda pane: ()
        """The columns a person chose for a list; none for the usual ones."""
        self.named: Callable[[], Mapping[str, str]] = dict
        """Saved filters by name."""
        self.templates: Callable[[], Sequence[Template]] = tuple
        """Offers kept under a name, and those of the settings."""

    @property
    def board(self) -> Board:
        """What is known at this point of time."""
        return self.session.timeline.board

    @property
    def now(self) -> float:
        """The time on the screen, epoch seconds: the clock when live, the playhead in a replay."""
        return self.session.timeline.now

    @property
    def trace(self) -> Trace | None:
        """The selected trace."""
        return self.board.traces.get(self.trace_id) if self.trace_id else None

    @property
    def auction(self) -> Auction | None:
        """The selected auction."""
        return self.board.auctions.get(self.offer_id) if self.offer_id else None

    @property
    def object(self) -> Thing | None:
        """The selected object of coordination."""
        return self.board.coordination.find(self.object_key) if self.object_key else None

    @property
    def object_auction(self) -> Auction | None:
        """The latest offer of the selected object, when that is an auction."""
        thing = self.object
        offers = thing.offers if isinstance(thing, SeenSale) else ()
        return self.board.auctions.get(offers[-1]) if offers else None

    def observed(self, seq: int | None) -> Observed | None:
        """A signal by its position; None when it is not known at this point of time."""
        if seq is None or not 0 <= seq < min(self.session.timeline.position, len(self.session.store)):
            return None
        return self.session.store.observed(seq)


def says(header: Header) -> str:
    """What a signal says in one short line, safe for a terminal."""
    return safe(describe(header), 400)


def by_hand_of(scene: Scene, header: Header) -> str:
    """What was done to a signal by hand, with a gap behind it; empty for nearly all. Safe for a terminal."""
    done = scene.board.by_hand.of(header.id)
    if done is None:
        return ""
    return "by hand  " if done.kind == "sent" else f"{safe(done.clause(), 200)}  "

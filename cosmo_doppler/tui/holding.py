"""What is held, in words: for the panes, the strip above them and the forms. Pure; the session's lock is held."""

from __future__ import annotations

from typing import NamedTuple

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.interventions import GATE_PREFIX, Intervention
from cosmo_doppler.stepping.book import NO_GATES, Held, HeldBook
from cosmo_doppler.tui.scene import Scene
from cosmo_sdk.header import Header

RELEASED_SPELLING = b'"parent_id":null'
"""Released SDKs write what is empty, ours leaves it out: the only thing that tells their offers from ours."""


HOLD_KEYS = frozenset(
    {
        "let_go",
        "step_held",
        "change_held",
        "change_whole",
        "drop_held",
        "delay_held",
        "release_all",
    }
)
"""Actions that do nothing where nothing can be held."""


class Window(NamedTuple):
    """The window for bids that a held signal belongs to."""

    words: str
    frozen: bool


def book_of(scene: Scene) -> HeldBook | None:
    """Breaks and what they hold; None where nothing can be held."""
    stepper = scene.session.stepper
    return stepper.book if stepper is not None else None


def why_not(scene: Scene) -> str:
    """Why nothing can be held here; empty when it can."""
    session = scene.session
    if session.kind == "replay":
        return "this is a recording: a break pauses it where its expression matches"
    if session.stepper is None:
        return NO_GATES if session.operator is not None else "not connected to a bus"
    return ""


def held_now(scene: Scene) -> list[Held]:
    """What a person is asked about, oldest first."""
    book = book_of(scene)
    return book.meant if book is not None else []


def held_elsewhere(scene: Scene) -> list[Intervention]:
    """What other people's gates hold, or in a recording all that was held then, oldest first."""
    stepper = scene.session.stepper
    ours = f"{GATE_PREFIX}{stepper.token}." if stepper is not None else None
    return [held for held in scene.board.by_hand.held if ours is None or not held.gate.startswith(ours)]


def key_elsewhere(held: Intervention) -> str:
    """What its row is known by."""
    return f"#{held.number}"


def is_elsewhere(key: str | None) -> bool:
    """Whether a row is about what another gate holds."""
    return key is not None and key.startswith("#")


def selected(scene: Scene) -> Held | None:
    """The held signal the cursor is on; the oldest when it is on none; None when it is on one of another gate."""
    book = book_of(scene)
    if book is None or is_elsewhere(scene.hold_id):
        return None
    chosen = book.get(scene.hold_id) if scene.hold_id else None
    return chosen if chosen is not None and chosen.meant else next(iter(book.meant), None)


def selected_elsewhere(scene: Scene) -> Intervention | None:
    """The same for what another gate holds, or held then."""
    others = held_elsewhere(scene)
    if is_elsewhere(scene.hold_id):
        return next((each for each in others if key_elsewhere(each) == scene.hold_id), None)
    return next(iter(others), None) if book_of(scene) is None else None


def auction_of(scene: Scene, header: Header) -> Auction | None:
    """The auction a held signal belongs to, as far as it is known already: what is held was not delivered."""
    board = scene.board
    parent = header.parent_id or ""
    if parent in board.auctions:
        return board.auctions[parent]
    trace = board.traces.get(header.trace_id)
    node = trace.by_id.get(parent) if trace is not None else None
    above = node.parent_id if node is not None else None
    return board.auctions.get(above or "")


def offset_of(scene: Scene, header: Header, since: float) -> float | None:
    """Seconds from the offer to its being held; None when it is in no auction that is known."""
    auction = auction_of(scene, header)
    return since - auction.opened_at if auction is not None else None


def window_of(scene: Scene, held: Held) -> Window | None:
    """How the window stands while a signal of it is held; None when it takes no bids any more."""
    now = scene.session.wall()
    if held.header.type == "TASK_OFFER":
        foreign = RELEASED_SPELLING in held.frame
        milliseconds = held.header.read_payload().get("deadline_ms")
        left = held.since + milliseconds / 1000 - now if isinstance(milliseconds, int) else None
        return _window("the producer", foreign, left)
    auction = auction_of(scene, held.header)
    if auction is None or auction.state == "awarded" or held.header.type != "BID":
        return None
    if not 0 <= auction.seq < len(scene.session.store):
        return None
    foreign = RELEASED_SPELLING in scene.session.store.frame(auction.seq)
    return _window(auction.producer or "the producer", foreign, auction.closes_at - now)


def _window(producer: str, foreign: bool, left: float | None) -> Window:
    if not foreign:
        return Window(f"frozen: {producer} waits", True)
    if left is None:
        return Window("runs on: a released SDK does not wait", False)
    if left <= 0:
        return Window("ran out: a released SDK does not wait", False)
    return Window(f"runs out in {left * 1000:.0f} ms: a released SDK does not wait", False)


def follow_held(scene: Scene) -> None:
    """Make the trace and the auction of the selected held signal what the other panes are about."""
    held, other = selected(scene), selected_elsewhere(scene)
    trace_id = held.header.trace_id if held is not None else other.trace_id if other is not None else ""
    if trace_id not in scene.board.traces:
        return
    scene.trace_id = trace_id
    auction = auction_of(scene, held.header) if held is not None else None
    if auction is not None:
        scene.offer_id = auction.offer_id


def clock(seconds: float) -> str:
    """Minutes and seconds: `00:07`."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes:02d}:{rest:02d}"

"""What an offer asked for, read back so that it can be changed and made again."""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec

from cosmo_doppler.controls import ControlError
from cosmo_doppler.offers import LONGEST_INPUT, Composed, Kind
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import escape_json
from cosmo_sdk.bidding import Select
from cosmo_sdk.header import read_header


@dataclass(frozen=True)
class Offered:
    """How a form begins."""

    capabilities: tuple[str, ...]
    """As on the bus, not yet safe for a terminal."""
    input_text: str
    """The input as JSON in which every character prints."""
    window_ms: int
    """0 when the offer named no window."""
    select: Select | None
    """A strategy that may have chosen the winner, which never crosses the bus (PROTOCOL 6.12); None when none may have."""
    kind: Kind = "offer"
    neuron: str = ""


def begun_with(made: Composed) -> Offered:
    """A form that begins as what was composed before."""
    text = escape_json(json.dumps(made.input, ensure_ascii=False))
    return Offered(made.capabilities, text, made.window_ms or 0, made.select, made.kind, made.neuron)


def is_secret(session: Session, made: Composed) -> bool:
    """Whether an offer holds what is to be redacted, which nobody may write."""
    frame = msgspec.json.encode({"payload": {"input": made.input, "capabilities": made.capabilities}})
    return session.store.redaction.apply(frame) != frame


def offered(session: Session, offer_id: str) -> Offered:
    """What an auction asked for.

    Raises:
        ControlError: it is not known now, is held elsewhere, or its input is not for a form: too long, too deep, or
            with values that are not to be shown, so that the form could only send what stands in their place.
    """
    with session.lock:
        auction = session.timeline.board.auctions.get(offer_id)
        if auction is None:
            raise ControlError("That auction is not known at this point of time.")
        if auction.mirror is not None:
            raise ControlError("This only mirrors an auction held elsewhere; O makes an offer of your own.")
        asked = session.store.header(auction.seq).read_payload().get("input", {})
        meant = read_header(session.store.true_frame(auction.seq)).read_payload().get("input", {})
        fitting = auction.explained_by()
        needs, window_ms = tuple(auction.capabilities), auction.deadline_ms
    try:
        if asked != meant:
            raise ControlError(
                "The input of that offer has redacted values, so it cannot be made again from here."
            )
        text = escape_json(json.dumps(asked, ensure_ascii=False))
    except RecursionError:
        raise ControlError("The input of that offer is nested too deep to be changed here.") from None
    if len(text) > LONGEST_INPUT:
        raise ControlError(
            f"The input of that offer has {len(text):,} characters, too many to be changed here."
        )
    return Offered(needs, text, window_ms, fitting[0] if fitting else None)

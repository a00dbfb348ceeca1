"""From a key to the bus as a participant: take part, bid by hand, answer work. See `flows` for how they run."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

from textual.app import App

from cosmo_doppler.person import Person
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.acting import act, apart, read_only, tell
from cosmo_doppler.tui.modals.bid import BidDraft, BidForm, offer_signal
from cosmo_doppler.tui.modals.part import PartDraft, PartForm
from cosmo_doppler.tui.modals.work import WorkDraft, WorkForm
from cosmo_sdk.envelope import Signal


async def bid_by_hand(
    app: App[Any],
    session: Session,
    offer_id: str,
    *,
    before: BidDraft | None = None,
    on_sent: Callable[[Signal, BidDraft], None] | None = None,
) -> None:
    """Ask for the terms of a bid, and bid.

    Args:
        app: shows the form.
        session: where the auction is held.
        offer_id: of the auction.
        before: the last bid, to begin with.
        on_sent: called with the BID once it is out.
    """
    if read_only(app, session):
        return
    found = offer_signal(session, offer_id)
    if found is None:
        tell(app, "The offer is not known at this point of time, or is no valid signal: nothing to bid on.")
        return
    auction, offer = found
    draft = await app.push_screen_wait(BidForm(session, offer_id, auction.capabilities, before))
    if draft is not None:
        apart(app, partial(_send_bid, app, session, offer, draft, on_sent))


async def take_part(app: App[Any], session: Session, hint: str = "") -> None:
    """Ask under which name the person takes part, or whether they leave.

    Args:
        app: shows the form.
        session: the bus.
        hint: why this form came; ours or safe.
    """
    if read_only(app, session):
        return
    draft = await app.push_screen_wait(PartForm(session, hint))
    if draft is not None:
        apart(app, partial(_join_or_leave, app, session, draft))


def oldest_work(session: Session) -> str | None:
    """The work that has waited longest for the person at this screen; None when none does."""
    person = session.person
    return next(iter(list(person.open)), None) if person is not None else None


async def answer_work(
    app: App[Any], session: Session, work_id: str, drafts: MutableMapping[str, str]
) -> None:
    """Show work that waits for the person, and send what they say about it."""
    person = session.person
    work = person.open.get(work_id) if person is not None else None
    if work is None:
        tell(app, "This work waits for nobody here: it is over, or for a person at another screen.")
        return
    assert person is not None
    for over in [id for id in drafts if id not in person.open]:
        del drafts[over]
    draft = await app.push_screen_wait(WorkForm(session, work, drafts))
    if draft is not None and await _send_reply(app, session, work_id, draft):
        drafts.pop(work_id, None)


async def _send_bid(
    app: App[Any],
    session: Session,
    offer: Signal,
    draft: BidDraft,
    on_sent: Callable[[Signal, BidDraft], None] | None,
) -> None:
    sent = await act(
        app,
        session,
        lambda operator: operator.person.bid(
            offer,
            neuron_id=draft.neuron_id,
            capabilities=draft.capabilities,
            cost=draft.cost,
            eta_ms=draft.eta_ms,
            confidence=draft.confidence,
        ),
    )
    if sent is not None and on_sent is not None:
        on_sent(sent, draft)


async def _join_or_leave(app: App[Any], session: Session, draft: PartDraft) -> None:
    if draft.leave:
        await act(app, session, lambda operator: operator.person.leave())
    else:
        await act(app, session, lambda operator: operator.person.join(draft.neuron_id, draft.capabilities))


async def _send_reply(app: App[Any], session: Session, work_id: str, draft: WorkDraft) -> bool:
    """Send what the person said. Whether that went out."""

    async def send(person: Person) -> bool:
        if draft.reply == "note":
            await person.note(work_id, draft.value)
        elif draft.reply == "give up":
            await person.give_up(work_id, draft.value)
        else:
            await person.answer(work_id, draft.value)
        return True

    return await act(app, session, lambda operator: send(operator.person)) is True

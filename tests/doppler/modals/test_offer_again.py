"""The form filled with what an earlier offer asked."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input, TextArea

from cosmo_doppler.offers import LONGEST_INPUT
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.tui.modals.flows import compose_offer
from cosmo_doppler.tui.modals.parts import Choice
from cosmo_doppler.tui.offer_shelf import OfferShelf
from cosmo_sdk import Directed, Signal, SignalType


async def held(desk: Any, payload: dict[str, Any], meta: dict[str, Any] | None = None) -> Signal:
    """An offer of somebody else with two bids, the surer of which is awarded."""
    offer = await desk.put(Signal(type=SignalType.TASK_OFFER, payload=payload, meta=meta or {}))
    bids = [
        await desk.put(
            offer.reply(
                SignalType.BID, {"cost": cost, "confidence": confidence}, directed=Directed(id=neuron)
            )
        )
        # The winner bids first, so that the first bid explains the award however slowly they come.
        for neuron, cost, confidence in (("bob", 0.2, 0.9), ("ann", 0.1, 0.5))
    ]
    await desk.put(
        bids[0].reply(SignalType.TASK_AWARDED, {"input": payload["input"]}, directed=Directed(id="bob"))
    )
    return offer


async def test_it_begins_as_the_offer_did_and_as_its_winner_was_probably_chosen(desk: Any) -> None:
    offer = await held(
        desk,
        {
            "input": {"text": "h\u00f6len", "deep": [1]},
            "capabilities": ["dig", "fill"],
            "deadline_ms": 60_000,
        },
    )
    form = await desk.open(lambda app: compose_offer(app, desk.session, again=offer.id))
    text = await desk.text()
    assert "Offer again" in text
    assert "a guess" in text
    assert form.query_one("#needs", Input).value == "dig, fill"
    assert form.query_one("#input", TextArea).text == '{"text": "h\u00f6len", "deep": [1]}'
    assert form.query_one("#window", Input).value == "60000"
    with desk.session.lock:
        fitting = desk.session.timeline.board.auctions[offer.id].explained_by()
    assert form.query_one("#select", Choice).value == fitting[0]
    form.query_one("#window", Input).value = "20"
    await desk.press("ctrl+s")
    sent = await desk.saw(SignalType.TASK_OFFER, lambda signal: signal.meta.get("cosmo.source") == "doppler")
    await desk.closed()
    assert sent.payload == {**offer.payload, "deadline_ms": 20}
    assert sent.trace_id != offer.trace_id


async def test_an_input_that_is_hostile_comes_as_escapes_of_the_same_meaning(desk: Any) -> None:
    hostile = {"text": "\x1b[2J[/nope]\u202e"}
    offer = await held(desk, {"input": hostile, "capabilities": ["\x1b[2Jdig"], "deadline_ms": 20})
    form = await desk.open(lambda app: compose_offer(app, desk.session, again=offer.id))
    assert form.query_one("#input", TextArea).text.isprintable()
    assert form.query_one("#needs", Input).value.isprintable()
    assert form.draft().input == hostile


async def test_what_a_form_cannot_hold_is_refused_in_words(desk: Any) -> None:
    offer = await held(desk, {"input": {"text": "x" * LONGEST_INPUT}, "deadline_ms": 20})
    desk.app.run_worker(compose_offer(desk.app, desk.session, again=offer.id))
    await desk.until(lambda: bool(desk.app.notices))
    assert "too many to be changed here" in desk.app.notices[0]
    desk.app.run_worker(compose_offer(desk.app, desk.session, again="evt_nowhere"))
    await desk.until(lambda: len(desk.app.notices) == 2)
    assert "not known" in desk.app.notices[1]


async def test_an_input_whose_values_are_redacted_is_not_offered_with_what_stands_in_their_place(
    desk: Any,
) -> None:
    desk.session.redact(Redaction(["payload.input.card"]))
    secret = await held(desk, {"input": {"card": "4111"}, "deadline_ms": 20})
    plain = await held(desk, {"input": {"text": "nothing to hide"}, "deadline_ms": 20})
    desk.app.run_worker(compose_offer(desk.app, desk.session, again=secret.id))
    await desk.until(lambda: bool(desk.app.notices))
    assert "redacted" in desk.app.notices[0]
    form = await desk.open(lambda app: compose_offer(app, desk.session, again=plain.id))
    assert form.draft().input == {"text": "nothing to hide"}


async def test_up_and_down_go_through_what_was_offered_before(desk: Any) -> None:
    shelf = OfferShelf()
    for needs, text in (("dig", "a hole"), ("fill", "it again")):
        form = await desk.open(lambda app: compose_offer(app, desk.session, shelf=shelf))
        form.query_one("#needs", Input).value = needs
        form.query_one("#input", TextArea).text = f'{{"text": "{text}"}}'
        form.query_one("#window", Input).value = "5"
        form.query_one("#select", Choice).choose("lowest_cost")
        await desk.press("ctrl+s")
        await desk.closed()
    form = await desk.open(lambda app: compose_offer(app, desk.session, shelf=shelf))
    assert "up: earlier offers" in await desk.text()
    shown = []
    await desk.write("mine")
    for key in ("up", "up", "up", "down", "down", "down"):
        await desk.press(key)
        shown.append(form.query_one("#needs", Input).value)
        if shown[-1] == "dig":
            draft = form.draft()
            assert (draft.input, draft.window_ms, draft.select) == ({"text": "a hole"}, 5, "lowest_cost")
    assert shown == ["fill", "dig", "dig", "fill", "mine", "mine"]
    assert form.draft().input == {"text": ""}

"""Composing offers and tasks."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Button, Input, Static, TextArea

from cosmo_doppler.offers import read_input
from cosmo_doppler.tui.modals.flows import compose_offer, connect
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.offer_parts import CapabilitySuggester, Parent, read_capabilities
from cosmo_doppler.tui.modals.parts import Choice
from cosmo_sdk import Axon, Dendrite, DevSynapse, Directed, Signal, SignalType
from tests.doppler.tui.hostile import NASTY


def register(name: str, *capabilities: str) -> Signal:
    return Signal(
        type=SignalType.REGISTER,
        directed=Directed(id=name),
        payload={"role": "neuron", "capabilities": list(capabilities)},
    )


async def test_enter_on_opening_sends_nothing(desk: Any) -> None:
    await desk.open(lambda app: compose_offer(app, desk.session))
    await desk.press("enter")
    assert isinstance(desk.app.screen, Form)
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds() == []


async def test_keys_pressed_before_the_guard_falls_go_nowhere(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Form, "GUARD_S", 3600.0)
    form = await desk.open(lambda app: compose_offer(app, desk.session), deaf=True)
    await desk.press("a", "tab", "b", "enter", "ctrl+s", "tab", "tab", "enter")
    assert form.focused is None
    assert form.query_one("#needs", Input).value == ""
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds() == []


async def test_send_publishes_the_offer_and_names_its_trace(desk: Any) -> None:
    traces: list[str] = []
    form = await desk.open(lambda app: compose_offer(app, desk.session, on_sent=traces.append))
    await desk.write("dig, fill")
    form.query_one("#input", TextArea).text = '{"text": "a hole"}'
    form.query_one("#window", Input).value = "30"
    form.query_one("#select", Choice).choose("lowest_cost")
    await desk.press("ctrl+s")
    offer = await desk.saw(SignalType.TASK_OFFER)
    await desk.closed()
    assert offer.payload == {"input": {"text": "a hole"}, "capabilities": ["dig", "fill"], "deadline_ms": 30}
    assert offer.meta["cosmo.source"] == "doppler"
    assert traces == [offer.trace_id]
    # Nobody bid: the auction on the screen says so, a notice would say it twice.
    assert desk.app.notices == []


async def test_an_offer_is_awarded_and_worked_on(desk: Any) -> None:
    synapse = DevSynapse(desk.session.title)
    await synapse.connect()
    worker = Dendrite(synapse=synapse, namespace="demo", dendrite_id="host", role="worker", heartbeat_s=0)
    worker.attach_axon(Axon(neuron_id="digger", neuron_fn=lambda input, context: input, capabilities=["dig"]))
    async with worker:
        await desk.until(lambda: "digger" in desk.session.timeline.board.roster)
        await desk.open(lambda app: compose_offer(app, desk.session))
        await desk.write("dig")
        assert "1 live can bid: digger" in await desk.text()
        await desk.press("ctrl+s")
        final = await desk.saw(SignalType.FINAL)
        await desk.closed()
    await synapse.close()
    assert final.payload["result"] == {"text": ""}


async def test_a_task_needs_an_addressee_and_is_sent_to_it(desk: Any) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    form.query_one("#kind", Choice).choose("task")
    await desk.pilot.pause()
    assert form.query_one("#send", Button).disabled
    assert "A task needs a neuron" in await desk.text()
    form.query_one("#neuron", Input).value = "digger"
    await desk.pilot.pause()
    await desk.press("ctrl+s")
    task = await desk.saw(SignalType.TASK)
    await desk.closed()
    assert task.target == "digger"
    assert task.payload == {"input": {"text": ""}, "finalize": True}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1, column 1"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("[1, 2]", "must be a JSON object"),
        ('{"a": NaN}', "NaN is no JSON value"),
        ("[" * 100_000, "Input is not JSON"),
    ],
)
async def test_invalid_input_keeps_send_disabled_and_says_why(desk: Any, text: str, reason: str) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    form.query_one("#input", TextArea).text = text
    await desk.pilot.pause()
    assert form.query_one("#send", Button).disabled
    assert reason in " ".join((await desk.text()).split())
    await desk.press("ctrl+s")
    assert desk.app.screen is form
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds() == []


async def test_a_window_is_a_number_of_milliseconds_within_reason(desk: Any) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    window = form.query_one("#window", Input)
    for value in ("", "0", "9999999"):
        window.value = value
        await desk.pilot.pause()
        assert form.query_one("#send", Button).disabled, value
    window.value = "250"
    await desk.pilot.pause()
    assert not form.query_one("#send", Button).disabled


async def test_hostile_names_are_shown_harmless_and_never_suggested(desk: Any) -> None:
    await desk.put(register(NASTY, NASTY, "dig"))
    await desk.put(register("digger", "dig"))
    await desk.open(lambda app: compose_offer(app, desk.session))
    shown = await desk.text()
    assert all(line.isprintable() for line in shown.split("\n"))
    await desk.write("dig")
    shown = await desk.text()
    assert "2 live can bid" in shown
    assert all(line.isprintable() for line in shown.split("\n"))
    suggester = CapabilitySuggester(desk.session)
    assert await suggester.get_suggestion("fill, d") == "fill, dig"
    assert await suggester.get_suggestion("\x1b") is None


async def test_a_read_only_session_opens_no_form_and_says_why(desk: Any) -> None:
    desk.session.read_only_reason = "A recording cannot be changed."
    await compose_offer(desk.app, desk.session)
    assert desk.app.notices == ["A recording cannot be changed."]


async def test_a_failure_is_one_line(desk: Any) -> None:
    await desk.open(lambda app: compose_offer(app, desk.session))
    desk.session.operator = None
    await desk.press("ctrl+s")
    await desk.closed()
    assert len(desk.app.notices) == 1
    assert desk.kinds() == []


async def test_the_window_is_the_one_in_use_on_this_bus(desk: Any) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    assert form.query_one("#window", Input).value == "250"
    await desk.press("escape")
    await desk.put(Signal(type=SignalType.TASK_OFFER, payload={"input": {}, "deadline_ms": 1500}))
    await desk.put(Signal(type=SignalType.TASK_OFFER, payload={"input": {}}))
    await desk.until(lambda: desk.app.screen is not form)
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    assert form.query_one("#window", Input).value == "1500"


async def test_escape_leaves_from_any_field(desk: Any) -> None:
    for field in ("#kind", "#needs", "#input", "#select", "#window", "#send"):
        form = await desk.open(lambda app: compose_offer(app, desk.session))
        form.query_one(field).focus()
        await desk.press("escape")
        await desk.closed()
    assert desk.kinds() == []


async def test_pasted_text_cannot_reach_the_terminal_raw(desk: Any) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    desk.app.post_message(Paste(NASTY))
    await desk.until(lambda: bool(form.query_one("#needs", Input).value))
    area = form.query_one("#input", TextArea)
    area.focus()
    area.select_all()
    await desk.until(lambda: area.has_focus)
    desk.app.post_message(Paste('{"text":\r\n "\x9b31m\u202e\x1b"}'))
    await desk.until(lambda: "31m" in area.text)
    assert area.text == '{"text":\n "\\u009b31m\\u202e\\u001b"}'
    assert all(line.isprintable() for line in (await desk.text()).split("\n"))
    assert read_input(area.text) == ({"text": "\x9b31m\u202e\x1b"}, "")
    desk.app.copy_to_clipboard('"\x9b32m"')
    await desk.press("ctrl+v")
    await desk.until(lambda: "32m" in area.text)
    assert area.text.endswith('"\\u009b32m"')


async def test_another_form_does_not_cut_a_round_short(desk: Any) -> None:
    form = await desk.open(lambda app: compose_offer(app, desk.session))
    form.query_one("#window", Input).value = "60000"
    await desk.pilot.pause()
    await desk.press("ctrl+s")
    offer = await desk.saw(SignalType.TASK_OFFER)
    # The screen opens its forms in exclusive workers, each of which cancels the one before.
    await desk.open(lambda app: connect(app))
    await desk.press("escape")
    await desk.put(offer.reply(SignalType.BID, {"cost": 1.0}, Directed(id="digger")))
    award = await desk.saw(SignalType.TASK_AWARDED)
    assert award.target == "digger"
    await desk.closed()


def test_capabilities_are_read_once_each_without_blanks() -> None:
    assert read_capabilities(" dig,, fill , dig ,") == ["dig", "fill"]


def test_input_that_is_valid_has_no_problem() -> None:
    assert read_input('{"a": [1, null]}') == ({"a": [1, None]}, "")


async def test_an_offer_may_be_caused_by_the_selected_signal(desk: Any) -> None:
    cause = await desk.put(Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {}}))
    under = Parent(cause.trace_id, cause.id)
    form = await desk.open(lambda app: compose_offer(app, desk.session, under=under))
    assert f"{cause.trace_id[-8:]}, caused by the selected signal" in await desk.text()
    assert cause.id not in await desk.text()
    form.query_one("#trace", Choice).choose(under)
    form.query_one("#window", Input).value = "20"
    await desk.until(lambda: cause.id in str(form.query_one("#preview", Static).render()))
    await desk.press("ctrl+s")
    sent = await desk.saw(SignalType.TASK_OFFER)
    await desk.closed()
    assert (sent.trace_id, sent.parent_id) == (cause.trace_id, cause.id)


async def test_a_task_may_be_caused_by_the_selected_signal(desk: Any) -> None:
    cause = await desk.put(Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {}}))
    under = Parent(cause.trace_id, cause.id)
    form = await desk.open(lambda app: compose_offer(app, desk.session, under=under))
    form.query_one("#kind", Choice).choose("task")
    form.query_one("#neuron", Input).value = "bob"
    form.query_one("#trace", Choice).choose(under)
    await desk.press("ctrl+s")
    sent = await desk.saw(SignalType.TASK, lambda signal: signal.neuron == "bob")
    await desk.closed()
    assert (sent.trace_id, sent.parent_id) == (cause.trace_id, cause.id)

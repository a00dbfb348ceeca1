"""Confirming a STOP."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Static

from cosmo_doppler.tui.modals.flows import confirm_stop, stop_marked
from cosmo_doppler.tui.modals.stop import confirmation_of
from cosmo_sdk import Directed, Signal, SignalType
from tests.doppler.tui.hostile import NASTY


def task(text: str, neuron: str = "digger") -> Signal:
    return Signal(type=SignalType.TASK, directed=Directed(id=neuron), payload={"input": {"text": text}})


async def test_the_first_enter_keeps_it_running(desk: Any) -> None:
    running = await desk.put(task("dig a hole"))
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    assert form.focused is form.query_one("#cancel", Button)
    shown = await desk.text()
    assert "dig a hole" in shown
    assert "digger" in shown
    assert running.trace_id[-8:] in shown
    await desk.press("enter")
    await desk.closed()
    assert desk.kinds() == [SignalType.TASK]


async def test_stop_goes_out_with_its_reason_and_without_rollback(desk: Any) -> None:
    running = await desk.put(task("dig a hole"))
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    form.query_one("#reason").focus()
    await desk.write("too deep")
    await desk.press("ctrl+s")
    stop = await desk.saw(SignalType.STOP)
    await desk.closed()
    assert stop.trace_id == running.trace_id
    assert stop.payload == {"rollback": False, "reason": "too deep"}


async def test_rollback_needs_the_last_four_characters(desk: Any) -> None:
    running = await desk.put(task("remember this"))
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    form.query_one("#rollback").focus()
    await desk.press("space")
    assert form.query_one("#send", Button).disabled
    assert "Only Engram writes are undone" in await desk.text()
    await desk.press("ctrl+s")
    assert desk.app.screen is form
    form.query_one("#typed").focus()
    await desk.write(confirmation_of(running.trace_id).lower())
    assert not form.query_one("#send", Button).disabled
    await desk.press("ctrl+s")
    stop = await desk.saw(SignalType.STOP)
    await desk.closed()
    assert stop.payload["rollback"] is True


async def test_escape_sends_nothing(desk: Any) -> None:
    running = await desk.put(task("dig"))
    await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds() == [SignalType.TASK]


async def test_hostile_titles_names_and_ids_stay_text(desk: Any) -> None:
    running = await desk.put(task(NASTY, NASTY))
    await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    shown = await desk.text()
    assert "[/nope]" in shown
    assert all(line.isprintable() for line in shown.split("\n"))
    assert confirmation_of("trc_\x1b\u202e").isprintable()


async def test_an_unknown_trace_can_still_be_stopped(desk: Any) -> None:
    await desk.open(lambda app: confirm_stop(app, desk.session, "trc_01J00000000000000000000000"))
    assert "not seen on this bus" in await desk.text()
    await desk.press("ctrl+s")
    assert (await desk.saw(SignalType.STOP)).trace_id == "trc_01J00000000000000000000000"
    await desk.closed()


async def test_on_a_bus_elsewhere_every_stop_asks_for_the_last_four(desk: Any) -> None:
    running = await desk.put(task("dig a hole"))
    desk.session.title = "cosmo://bus.example:7070"
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    assert "Others share this bus" in await desk.text()
    assert form.query_one("#send", Button).disabled
    form.query_one("#typed").focus()
    await desk.write(confirmation_of(running.trace_id))
    await desk.press("ctrl+s")
    await desk.saw(SignalType.STOP)
    await desk.closed()


async def test_a_rollback_says_what_it_reaches(desk: Any) -> None:
    running = await desk.put(task("remember this"))
    await desk.put(running.reply(SignalType.IMPRINT, {"op": "add", "entry": {}}, Directed(id="notes")))
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    form.query_one("#rollback").focus()
    await desk.press("space")
    assert "Only Engram writes are undone: 1 write to notes." in await desk.text()


async def test_who_obeyed_is_said_once_acks_are_in(desk: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("cosmo_doppler.controls.ACK_TIMEOUT_S", 0.2)
    running = await desk.put(task("dig a hole"))
    form = await desk.open(lambda app: confirm_stop(app, desk.session, running.trace_id))
    await desk.press("ctrl+s")
    await desk.until(lambda: desk.app.screen is not form and desk.app.notices)
    assert desk.app.notices == [f"STOP {running.trace_id[-8:]}: digger said nothing"]


async def marked(desk: Any, *texts: str) -> list[Signal]:
    tasks = []
    for text in texts:
        tasks.append(await desk.put(task(text)))
        with desk.session.lock:
            desk.session.marks.put(len(desk.session.store) - 1)
    return tasks


async def test_several_are_stopped_once_their_number_is_typed(desk: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("cosmo_doppler.controls.ACK_TIMEOUT_S", 0.2)
    first, second = await marked(desk, "dig a hole", "fill it")
    other = await desk.put(task("not marked"))
    form = await desk.open(lambda app: stop_marked(app, desk.session))
    shown = await desk.text()
    assert "dig a hole" in shown
    assert "fill it" in shown
    assert "not marked" not in shown
    assert form.focused is form.query_one("#cancel", Button)
    form.query_one("#typed").focus()
    await desk.write("3")
    assert form.query_one("#send", Button).disabled
    await desk.press("backspace", "2", "ctrl+s")
    for each in (first, second):
        await desk.saw(SignalType.STOP, lambda signal, each=each: signal.trace_id == each.trace_id)
    await desk.until(lambda: desk.app.notices)
    assert desk.app.notices[0].startswith("2 traces stopped, 0 answers; nobody answered for ")
    assert other.trace_id not in {signal.trace_id for signal in desk.sent if signal.type is SignalType.STOP}


async def test_a_marked_trace_that_ends_meanwhile_is_left_out(desk: Any) -> None:
    first, second = await marked(desk, "dig a hole", "fill it")
    form = await desk.open(lambda app: stop_marked(app, desk.session))
    await desk.put(first.reply(SignalType.FINAL, {"result": {}}))
    await desk.until(lambda: "dig a hole" not in _listed(form))
    await desk.put(second.reply(SignalType.FINAL, {"result": {}}))
    await desk.until(lambda: "All of them are over" in str(form.query_one("#message", Static).render()))


def _listed(form: Any) -> str:
    return str(form.query_one("#traces > Static", Static).render())


async def test_without_a_running_marked_trace_there_is_nothing_to_ask(desk: Any) -> None:
    await desk.put(task("dig a hole"))
    desk.app.run_worker(stop_marked(desk.app, desk.session))
    await desk.until(lambda: desk.app.notices)
    assert desk.app.notices == ["No running trace has a marked signal; m marks the one under the cursor."]

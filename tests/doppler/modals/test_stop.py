"""Confirming a STOP."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button

from cosmo_doppler.tui.modals import confirm_stop
from cosmo_doppler.tui.modals.stop import confirmation_of
from cosmo_sdk import Directed, Signal, SignalType

HOSTILE = "\x1b[2J\x1b]52;c;ZXZpbA==\x07[/nope][@click=app.bell]X[/]\u202e\x9b31m"


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
    running = await desk.put(task(HOSTILE, HOSTILE))
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

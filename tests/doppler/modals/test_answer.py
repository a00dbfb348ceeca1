"""Answering clarifications, deciding permissions, reading escalations."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Button, Input

from cosmo_doppler.tui.modals.flows import answer_request
from cosmo_doppler.tui.modals.parts import Choice, Passage, safe_lines
from cosmo_sdk import Directed, Signal, SignalType
from tests.doppler.tui.hostile import NASTY


async def ask(desk: Any, kind: SignalType, payload: dict[str, Any], who: str = "digger") -> Signal:
    task = await desk.put(
        Signal(
            type=SignalType.TASK,
            directed=Directed(id=who),
            payload={"input": {"text": "dig"}, "finalize": True},
        )
    )
    return await desk.put(task.reply(kind, payload))


async def test_an_answer_goes_back_as_a_task_with_the_original_input(desk: Any) -> None:
    request = await ask(desk, SignalType.CLARIFICATION, {"question": "how deep?", "context": {"max": 3}})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    shown = await desk.text()
    assert "how deep?" in shown
    assert "max: 3" in shown
    assert "Type an answer" in shown
    await desk.press("enter")
    assert desk.app.screen is form
    await desk.write("two")
    # The first enter only goes on to the button.
    await desk.press("enter")
    assert form.focused is form.query_one("#send", Button)
    await desk.press("enter")
    task = await desk.saw(SignalType.TASK, lambda signal: signal.parent_id == request.id)
    await desk.closed()
    assert task.target == "digger"
    assert task.payload["finalize"] is True
    assert task.payload["input"]["clarification"] == {
        "question": "how deep?",
        "answer": "two",
        "original_input": {"text": "dig"},
    }
    await desk.until(lambda: desk.session.timeline.board.requests[request.id].state == "answered")


async def test_the_discrete_form_is_one_key_away(desk: Any) -> None:
    request = await ask(desk, SignalType.CLARIFICATION, {"question": "how deep?"})
    await desk.open(lambda app: answer_request(app, desk.session, request.id))
    await desk.write("two")
    await desk.press("tab", "right", "ctrl+s")
    reply = await desk.saw(SignalType.CLARIFICATION_ANSWER)
    await desk.closed()
    assert (reply.parent_id, reply.payload) == (request.id, {"answer": "two"})


async def test_the_oldest_open_request_comes_first(desk: Any) -> None:
    await ask(desk, SignalType.CLARIFICATION, {"question": "the first"})
    await ask(desk, SignalType.CLARIFICATION, {"question": "the second"})
    await desk.open(lambda app: answer_request(app, desk.session))
    assert "the first" in await desk.text()


async def test_somebody_else_answering_closes_the_form_to_sending(desk: Any) -> None:
    request = await ask(desk, SignalType.CLARIFICATION, {"question": "how deep?"})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    await desk.write("two")
    assert not form.query_one("#send", Button).disabled
    await desk.put(request.reply(SignalType.CLARIFICATION_ANSWER, {"answer": "3"}, Directed(id="foreman")))
    await desk.until(lambda: form.query_one("#send", Button).disabled)
    assert "Answered meanwhile by foreman" in await desk.text()
    await desk.press("ctrl+s")
    assert desk.app.screen is form
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds().count(SignalType.CLARIFICATION_ANSWER) == 1


async def test_a_stopped_trace_needs_no_answer(desk: Any) -> None:
    request = await ask(desk, SignalType.PERMISSION, {"action": "blast"})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    await desk.put(Signal(type=SignalType.STOP, trace_id=request.trace_id, payload={"rollback": False}))
    await desk.until(lambda: form.query_one("#grant", Button).disabled)
    assert "trace has ended" in await desk.text()


@pytest.mark.parametrize(("key", "granted"), [("d", False), ("g", True)])
async def test_a_decision_takes_its_key_and_then_enter(desk: Any, key: str, granted: bool) -> None:
    request = await ask(
        desk, SignalType.PERMISSION, {"action": "blast", "scope": {"kg": 3}, "reason": "rock"}
    )
    form = await desk.open(lambda app: answer_request(app, desk.session))
    shown = await desk.text()
    assert "blast" in shown
    assert "kg: 3" in shown
    assert "rock" in shown
    await desk.press(key)
    await desk.until(lambda: not form.deaf)
    await desk.press("enter")
    task = await desk.saw(SignalType.TASK, lambda signal: signal.parent_id == request.id)
    await desk.closed()
    assert task.payload["input"]["permission"]["granted"] is granted


async def test_a_long_scope_can_be_read_to_its_end(desk: Any) -> None:
    scope = {f"file {number}": "/srv/archive" for number in range(40)}
    await ask(desk, SignalType.PERMISSION, {"action": "delete", "scope": scope})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    assert "file 39" not in await desk.text()
    passage = form.query(Passage)[1]
    while form.focused is not passage:
        await desk.press("tab")
    await desk.press("end")
    await desk.until(lambda: passage.is_vertical_scroll_end)
    assert "file 39" in await desk.text()


async def test_the_first_enter_decides_nothing(desk: Any) -> None:
    await ask(desk, SignalType.PERMISSION, {"action": "blast"})
    await desk.open(lambda app: answer_request(app, desk.session))
    await desk.press("ctrl+s", "enter")
    await desk.closed()
    assert desk.kinds() == [SignalType.TASK, SignalType.PERMISSION]


async def test_pasted_keys_cannot_grant(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmo_doppler.tui.modals.answer.ARM_S", 3600.0)
    await ask(desk, SignalType.PERMISSION, {"action": "blast"})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    await desk.press("g", "enter")
    assert desk.app.screen is form
    await desk.press("escape")
    await desk.closed()
    assert desk.kinds() == [SignalType.TASK, SignalType.PERMISSION]


async def test_a_reason_of_d_and_g_is_only_text(desk: Any) -> None:
    await ask(desk, SignalType.PERMISSION, {"action": "blast"})
    form = await desk.open(lambda app: answer_request(app, desk.session))
    form.query_one("#reason").focus()
    await desk.write("dg")
    form.query_one("#reply", Choice).choose(False)
    form.query_one("#deny").focus()
    await desk.press("enter")
    decision = await desk.saw(SignalType.PERMISSION_DECISION)
    await desk.closed()
    assert decision.payload == {"granted": False, "reason": "dg"}


async def test_an_escalation_is_shown_with_what_can_be_done(desk: Any) -> None:
    request = await ask(desk, SignalType.ESCALATION, {"reason": "two sources differ", "target": "auditor"})
    await desk.open(lambda app: answer_request(app, desk.session, request.id))
    shown = await desk.text()
    assert "two sources differ" in shown
    assert "no reply of its own" in shown
    await desk.press("ctrl+s", "enter")
    await desk.closed()
    assert desk.kinds() == [SignalType.TASK, SignalType.ESCALATION]


async def test_nothing_to_answer_is_one_line(desk: Any) -> None:
    await answer_request(desk.app, desk.session)
    await answer_request(desk.app, desk.session, "evt_gone")
    assert desk.app.notices == ["Nobody waits for an answer.", "That request is not known any more."]


@pytest.mark.parametrize("kind", [SignalType.CLARIFICATION, SignalType.PERMISSION, SignalType.ESCALATION])
async def test_hostile_questions_stay_text(desk: Any, kind: SignalType) -> None:
    nasty = {NASTY: [NASTY, {"deep": NASTY}]}
    request = await ask(
        desk,
        kind,
        {
            "question": NASTY,
            "action": NASTY,
            "reason": NASTY,
            "scope": nasty,
            "context": nasty,
            "target": NASTY,
        },
        who=NASTY,
    )
    await desk.open(lambda app: answer_request(app, desk.session, request.id))
    shown = await desk.text()
    assert "[/nope]" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_text_that_is_cut_says_how_much_is_missing() -> None:
    assert safe_lines("\n".join(["a"] * 62)).endswith("\n… 2 more lines, see the inspector")
    assert "more" not in safe_lines("\n".join(["a"] * 60))


@pytest.mark.parametrize("payload", [{}, {"question": None}, {"question": {"a": 1}, "context": "x\ny"}])
async def test_odd_questions_are_shown_all_the_same(desk: Any, payload: dict[str, Any]) -> None:
    await ask(desk, SignalType.CLARIFICATION, payload)
    form = await desk.open(lambda app: answer_request(app, desk.session))
    assert form.focused is form.query_one("#answer", Input)

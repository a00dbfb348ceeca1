"""Every form fits a small terminal: what sends and what cancels is always on the screen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from textual.widgets import Button

from cosmo_doppler.tui.modals.flows import answer_request, compose_offer, confirm_stop, connect
from cosmo_sdk import Directed, Signal, SignalType

Flow = Callable[[Any, Any, Signal], Coroutine[Any, Any, Any]]

FLOWS: dict[str, Flow] = {
    "offer": lambda app, session, request: compose_offer(app, session),
    "stop": lambda app, session, request: confirm_stop(app, session, request.trace_id),
    "answer": lambda app, session, request: answer_request(app, session, request.id),
    "connect": lambda app, session, request: connect(app),
}


@pytest.mark.parametrize(
    "size", [(120, 40), (80, 24), (60, 16)], ids=["120x40", "80x24", "60x16"], indirect=True
)
@pytest.mark.parametrize("flow", FLOWS)
async def test_buttons_and_focus_are_on_the_screen(desk: Any, flow: str, size: tuple[int, int]) -> None:
    task = await desk.put(
        Signal(type=SignalType.TASK, directed=Directed(id="digger"), payload={"input": {"text": "dig"}})
    )
    context = {f"key {number}": "word " * 40 for number in range(30)}
    request = await desk.put(
        task.reply(SignalType.CLARIFICATION, {"question": "why? " * 60, "context": context})
    )
    form = await desk.open(lambda app: FLOWS[flow](app, desk.session, request))
    await desk.until(lambda: not form._layout_required)
    visible = form.region
    for button in form.query(Button):
        assert button.region.height == 1
        assert visible.contains_region(button.region), f"{button.id} at {button.region}"
    assert form.focused is not None
    await desk.until(lambda: form.query_one("#frame").content_region.contains_region(form.focused.region))

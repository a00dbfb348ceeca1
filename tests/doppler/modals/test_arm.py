"""Looking only, and being able to send."""

from __future__ import annotations

from typing import Any

import pytest

from cosmo_doppler.controls import ControlError
from cosmo_doppler.session.live import open_live
from cosmo_doppler.session.session import ELSEWHERE
from cosmo_doppler.tui.modals.arm import arm


@pytest.mark.parametrize(
    ("url", "armed"),
    [
        ("cosmo://127.0.0.1:7070", True),
        ("cosmo://[::1]:7070", True),
        ("cosmo://localhost", True),
        ("nats://127.0.0.1:4222", True),
        ("cosmos://bus.example:7070", False),
        ("nats://10.0.0.7:4222", False),
    ],
)
def test_only_a_bus_on_this_machine_can_be_acted_on_at_once(url: str, armed: bool) -> None:
    session = open_live(url, "dev")
    assert session.armed is armed
    assert session.read_only_reason == ("" if armed else ELSEWHERE)


async def test_one_can_lay_down_and_take_up_what_one_sends_with(desk: Any) -> None:
    session = desk.session
    desk.app.run_worker(arm(desk.app, session))
    await desk.until(lambda: not session.armed)
    with pytest.raises(ControlError, match="you chose to look only"):
        await session.act(lambda operator: operator.discover())
    desk.app.run_worker(arm(desk.app, session))
    await desk.until(lambda: session.armed)
    await session.act(lambda operator: operator.discover())


async def test_a_bus_elsewhere_asks_first_and_the_first_enter_goes_on_looking(desk: Any) -> None:
    session = desk.session
    session.read_only_reason = ELSEWHERE
    await desk.open(lambda app: arm(app, session))
    assert session.title in await desk.text()
    await desk.press("enter")
    await desk.closed()
    assert not session.armed
    await desk.open(lambda app: arm(app, session))
    await desk.press("ctrl+s")
    await desk.closed()
    assert session.armed

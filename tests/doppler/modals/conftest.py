"""A desk for every form: a small app over a real session on a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from cosmo_bus.testing import running_bus
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.modals import answer
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.theme import DARK_NAME, textual_theme
from cosmo_sdk import DevSynapse, Signal, SignalType

NAMESPACE = "demo"


class Host(App[None]):
    """Nothing but our theme, and a place to notify."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(textual_theme(DARK_NAME))
        self.theme = DARK_NAME
        self.notices: list[str] = []

    def notify(self, message: str, *, markup: bool = True, **options: Any) -> None:
        assert not markup, "bus text must not be parsed as markup"
        self.notices.append(message)
        super().notify(message, markup=markup, **options)


class Desk:
    """An app, the session it looks at, and somebody else on the same bus."""

    def __init__(self, app: Host, pilot: Pilot[None], session: Session, peer: DevSynapse) -> None:
        self.app = app
        self.pilot = pilot
        self.session = session
        self.sent: list[Signal] = []
        """What crossed the bus, by arrival."""
        self._peer = peer

    async def watch(self) -> None:
        await self._peer.subscribe(f"cosmonapse.{NAMESPACE}.>", self.sent.append)

    async def put(self, signal: Signal) -> Signal:
        """Let somebody else send a Signal, and wait until the session knows it."""
        before = self.known()
        await self._peer.publish(f"cosmonapse.{NAMESPACE}.{signal.type}", signal)
        await self.until(lambda: self.known() > before)
        return signal

    def known(self) -> int:
        with self.session.lock:
            return self.session.timeline.board.signals

    async def open(
        self, flow: Callable[[App[Any]], Coroutine[Any, Any, Any]], *, deaf: bool = False
    ) -> Form[Any]:
        """Start a flow in a worker and wait for its form, by default until its guard is down."""
        self.app.run_worker(flow(self.app), exclusive=True)
        await self.until(lambda: isinstance(self.app.screen, Form))
        form = self.app.screen
        assert isinstance(form, Form)
        await self.until(lambda: form.is_mounted and (deaf or form.focused is not None))
        await self.pilot.pause()
        return form

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Type text into what has the focus."""
        await self.press(*("space" if glyph == " " else glyph for glyph in text))

    async def closed(self) -> None:
        """Wait until no form is open and its flow is through."""
        await self.until(lambda: not isinstance(self.app.screen, Form))
        await self.app.workers.wait_for_complete()

    async def saw(self, kind: SignalType, where: Callable[[Signal], bool] = lambda _: True) -> Signal:
        def matching() -> list[Signal]:
            return [signal for signal in self.sent if signal.type is kind and where(signal)]

        await self.until(lambda: bool(matching()))
        return matching()[0]

    def kinds(self) -> list[SignalType]:
        """The types that crossed the bus, but for DISCOVER, which a session sends by itself."""
        return [signal.type for signal in self.sent if signal.type is not SignalType.DISCOVER]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let everything go on until the condition holds."""
        async with asyncio.timeout(60):
            while not condition():
                await self.pilot.pause()
                await asyncio.sleep(0.005)

    async def text(self) -> str:
        """Every cell of the topmost screen, as it would go to the terminal."""
        await self.pilot.pause()
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())


@pytest.fixture(params=[(80, 24)], ids=["80x24"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> AsyncIterator[Desk]:
    monkeypatch.setattr(Form, "GUARD_S", 0.01)
    monkeypatch.setattr(answer, "ARM_S", 0.01)
    async with running_bus() as bus:
        peer = DevSynapse(bus.url)
        await peer.connect()
        session = open_live(bus.url, NAMESPACE)
        session.start()
        app = Host()
        async with app.run_test(size=size) as pilot:
            desk = Desk(app, pilot, session, peer)
            await desk.watch()
            await desk.until(lambda: session.operator is not None and session.status().state == "live")
            yield desk
        await asyncio.to_thread(session.stop)
        await peer.close()

"""A screen on a bus, where a person acts and agents answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from cosmo_bus.testing import running_bus
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.look import Look
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.offer_shelf import OfferShelf
from cosmo_sdk import Axon, Dendrite, connect_synapse

NAMESPACE = "dev"


class AtTheScreen:
    """A person at the screen of an app that watches a bus."""

    def __init__(self, app: DopplerApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """Every line of the topmost screen."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                await self.pilot.pause()

    async def form(self, key: str) -> Form[Any]:
        """Press a key and wait for its form to take keys."""
        await self.pilot.press(key)
        return await self.next_form()

    async def next_form(self) -> Form[Any]:
        """Wait for the form that opens by itself."""
        await self.until(lambda: isinstance(self.app.screen, Form))
        form = self.app.screen
        assert isinstance(form, Form)
        await self.until(lambda: not form.deaf and form.focused is not None)
        await self.pilot.pause()
        return form


class Desk(AtTheScreen):
    """With a producer somewhere else on the bus."""

    def __init__(self, app: DopplerApp, pilot: Pilot[None], producer: Dendrite) -> None:
        super().__init__(app, pilot)
        self.producer = producer

    def kinds(self, trace_id: str) -> list[str]:
        with self.app.session.lock:
            trace = self.app.session.timeline.board.traces.get(trace_id)
            return [node.type for node in sorted(trace.rows, key=lambda node: node.seq)] if trace else []


@asynccontextmanager
async def at_the_desk(
    neuron: Callable[..., Any], *capabilities: str, offers: Path | None = None, look: Look | None = None
) -> AsyncIterator[Desk]:
    """A bus, a worker, a producer, and Doppler looking at them, with a file for its offers."""
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        worker = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="host", role="worker")
        worker.attach_axon(Axon(neuron_id="ann", neuron_fn=neuron, capabilities=capabilities))
        producer = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0)
        app = DopplerApp(open_live(bus.url, NAMESPACE), look=look)
        app.watched.shelf = OfferShelf(offers)
        app.animation_level = "none"
        async with worker, producer, app.run_test(size=(120, 40)) as pilot:
            desk = Desk(app, pilot, producer)
            await desk.until(lambda: "ann" in app.session.timeline.board.roster)
            yield desk
        await synapse.close()

"""Stepping a live bus from the screen: real bidders and a real producer, keys pressed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cosmo_bus.client import BusClient
from cosmo_bus.facts import Where
from cosmo_bus.gate_client import GateClient
from cosmo_bus.testing import running_bus
from cosmo_doppler.session import load_all, open_replay
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.modals.form import Form
from cosmo_sdk import Axon, Dendrite, Pathway, Signal, SignalType, connect_synapse
from tests.doppler.desk import AtTheScreen

NAMESPACE = "dev"


class Floor(AtTheScreen):
    """With a market on that bus."""

    def __init__(self, app: DopplerApp, pilot: Pilot[None], producer: Dendrite, bus_url: str) -> None:
        super().__init__(app, pilot)
        self.bus_url = bus_url
        self.producer = producer

    @property
    def book(self) -> Any:
        stepper = self.app.session.stepper
        assert stepper is not None
        return stepper.book

    async def set_break(self, text: str) -> None:
        form = await self.form("B")
        form.query_one("#when", Input).value = text
        await self.pilot.press("ctrl+s")
        await self.until(lambda: any(by.on and by.text == text for by in self.book.breaks.values()))

    def offer(self) -> asyncio.Task[Pathway]:
        return asyncio.create_task(
            self.producer.dispatch_offer(
                input={"text": "add the figures"}, capabilities=["sum"], deadline_ms=120, select="lowest_cost"
            )
        )

    async def held(self, count: int) -> None:
        await self.until(lambda: len(self.book.meant) == count)


async def works(input: Any, context: Any) -> dict[str, Any]:
    return {"done": True}


@asynccontextmanager
async def on_the_floor(record: Path | None = None, **bidders: float) -> AsyncIterator[Floor]:
    async with running_bus() as bus:
        synapses = [await connect_synapse(bus.url) for _ in range(len(bidders) + 1)]
        hosts = []
        for synapse, (name, cost) in zip(synapses, bidders.items(), strict=False):
            host = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id=f"host-{name}", role="worker")
            host.attach_axon(Axon(neuron_id=name, neuron_fn=works, capabilities=("sum",)))
            host.on_task_offer(_bids(host, name, cost))
            await host.start()
            hosts.append(host)
        producer = Dendrite(synapse=synapses[-1], namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0)
        app = DopplerApp(open_live(bus.url, NAMESPACE, record=record))
        app.animation_level = "none"
        async with producer, app.run_test(size=(100, 30)) as pilot:
            floor = Floor(app, pilot, producer, bus.url)
            await floor.until(lambda: app.session.stepper is not None)
            await floor.until(lambda: len(app.session.timeline.board.roster) == len(bidders))
            yield floor
        for host in hosts:
            await host.stop()
        for synapse in synapses:
            await synapse.close()


def _bids(host: Dendrite, name: str, cost: float) -> Callable[[Signal], Any]:
    async def bid(offer: Signal) -> None:
        await host.bid(offer, neuron=name, cost=cost, eta_ms=100, confidence=0.9)

    return bid


async def winner_of(floor: Floor, offering: asyncio.Task[Pathway]) -> str | None:
    await floor.until(offering.done)
    pathway = offering.result()
    award = await pathway.wait_for(SignalType.TASK_AWARDED, timeout_s=10)
    await pathway.close()
    return award.neuron


async def test_a_person_breaks_on_bids_changes_one_sees_the_other_worker_win_and_lets_all_go():
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.set_break("type:BID who:ada")
        offering = floor.offer()
        await floor.held(1)
        await floor.pilot.press("v")
        await floor.until(lambda: "HELD 1 by type:BID who:ada" in floor.text)
        await floor.until(lambda: "X lets all go" in floor.text)
        await floor.until(lambda: "frozen: the producer waits" in floor.text)
        form = await floor.form("c")
        form.query_one("#field-cost", Input).value = "0.1"
        await floor.until(lambda: "payload.cost  0.4 → 0.1" in floor.text)
        await floor.pilot.press("ctrl+s")
        assert await winner_of(floor, offering) == "ada"
        await floor.held(0)
        await floor.until(lambda: "HELD" not in floor.text)
        # Another round: one key lets everything go, from any view.
        offering = floor.offer()
        await floor.held(1)
        for view in "25":
            await floor.pilot.press(view)
            await floor.until(lambda: "HELD 1" in floor.text)
        await floor.pilot.press("X")
        assert await winner_of(floor, offering) == "bob"
        await floor.until(lambda: "1 held signal let go; no break is left" in floor.text)
        assert not floor.book.breaks


async def test_one_key_lets_everything_go_also_from_a_field_of_a_form():
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.set_break("type:BID who:ada")
        offering = floor.offer()
        await floor.held(1)
        await floor.pilot.press("v")
        form = await floor.form("c")
        await floor.until(lambda: "ctrl+l lets all go" in floor.text)
        assert isinstance(form.focused, Input)
        await floor.pilot.press("X")
        assert "X" in form.focused.value
        await floor.pilot.press("ctrl+l")
        assert await winner_of(floor, offering) == "bob"
        await floor.until(lambda: "Its gate let it go meanwhile" in floor.text)
        assert not floor.book.breaks
        # Away from the fields it is the same key as ever.
        await floor.pilot.press("escape")
        await floor.set_break("type:BID who:bob")
        offering = floor.offer()
        await floor.held(1)
        form = await floor.form("O")
        form.query_one("#cancel").focus()
        await floor.pilot.press("X")
        assert await winner_of(floor, offering) == "bob"


async def test_step_and_drop_and_delay():
    async with on_the_floor(ada=0.4, bob=0.2, eve=0.3) as floor:
        await floor.set_break("type:BID")
        await floor.pilot.press("v")
        offering = floor.offer()
        await floor.held(3)
        names = [held.header.who for held in floor.book.meant]
        await floor.pilot.press("comma")
        await floor.held(2)
        assert [held.header.who for held in floor.book.meant] == names[1:]
        await floor.until(lambda: floor.app.observatory.scene.hold_id == floor.book.meant[0].hold_id)
        await floor.form("K")
        await floor.pilot.press("ctrl+s")
        await floor.held(1)
        form = await floor.form("I")
        form.query_one("#delay", Input).value = "20"
        await floor.pilot.press("ctrl+s")
        await floor.held(0)
        prices = {"ada": 0.4, "bob": 0.2, "eve": 0.3}
        assert await winner_of(floor, offering) == min((names[0], names[2]), key=prices.__getitem__)


async def test_whoever_leaves_with_signals_held_is_asked_and_a_form_says_when_its_signal_went():
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.set_break("type:BID")
        offering = floor.offer()
        await floor.held(2)
        await floor.form("q")
        await floor.until(lambda: "2 signals held by your breaks" in floor.text)
        await floor.pilot.press("escape")
        await floor.until(lambda: not isinstance(floor.app.screen, Form))
        assert len(floor.book.meant) == 2
        await floor.form("c")
        stepper = floor.app.session.stepper
        assert stepper is not None
        await stepper.ask(stepper.release_all())
        await floor.until(lambda: "Its gate let it go meanwhile" in floor.text)
        await floor.pilot.press("ctrl+s", "escape")
        assert await winner_of(floor, offering) == "bob"


async def test_the_whole_signal_is_changed_in_an_editor_and_checked_before_it_goes(monkeypatch):
    edits = iter(['"cost": cheap', '"cost": 0.1'])

    def editor(app: Any, text: str, *, name: str) -> str:
        return text.replace('"cost": 0.4', then) if (then := next(edits)) else text

    monkeypatch.setattr("cosmo_doppler.tui.outside.edit_outside", editor)
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.set_break("type:BID who:ada")
        offering = floor.offer()
        await floor.held(1)
        await floor.form("V")
        await floor.until(lambda: "is not JSON that can be sent" in floor.text)
        await floor.pilot.press("ctrl+s")
        assert len(floor.book.meant) == 1
        area = floor.app.screen.query_one("#whole-text", TextArea)
        area.text = area.text.replace('"cost": cheap', '"cost": 0.1')
        await floor.until(lambda: "payload.cost  0.4 → 0.1" in floor.text)
        await floor.pilot.press("ctrl+s")
        assert await winner_of(floor, offering) == "ada"


async def test_without_the_leave_to_act_nothing_is_held_and_the_reason_is_said():
    async with on_the_floor() as floor:
        floor.app.session.arm(False)
        form = await floor.form("B")
        await floor.until(lambda: "You chose to look only" in floor.text)
        assert not form.query("#then")
        form.query_one("#when", Input).value = "type:BID"
        await floor.pilot.press("ctrl+s")
        await floor.until(lambda: "Pauses when a signal matches type:BID" in floor.text)
        assert not floor.book.breaks
        assert len(floor.app.session.timeline.breaks) == 1


async def test_what_was_done_is_seen_in_the_recording_afterwards(tmp_path, shown):
    path = tmp_path / "stepped.ndjson"
    async with on_the_floor(path, ada=0.4, bob=0.2) as floor:
        await floor.set_break("type:BID")
        offering = floor.offer()
        await floor.held(2)
        stepper = floor.app.session.stepper
        assert stepper is not None
        for held in floor.book.meant:
            if held.header.who == "ada":
                changed = held.frame.replace(b'"cost":0.4', b'"cost":0.1')
                await stepper.ask(stepper.send(held.hold_id, changed))
            else:
                await stepper.ask(stepper.drop(held.hold_id))
        assert await winner_of(floor, offering) == "ada"
        await floor.until(lambda: floor.app.session.timeline.board.by_hand.counts["dropped"])
    session = open_replay(path, paused=True)
    load_all(session)
    async with shown(session, view="hands", size=(120, 40)) as screen:
        assert "edited: cost 0.4 → 0.1" in screen.text
        assert "dropped by hand, held" in screen.text
        assert "break set: type:BID" in screen.text
        await screen.press("2")
        assert "ada*" in screen.text
        assert "dropped" in screen.text
        assert "bob  would have won" in screen.text
        await screen.press("slash", *"hand:edited", "enter", "5")
        assert "edited by doppler" in screen.text


async def test_what_another_gate_holds_is_shown_and_left_to_it():
    async with on_the_floor(ada=0.4) as floor:
        client = BusClient(floor.bus_url)
        await client.connect()
        try:
            await GateClient(client).set("cosmo-77", subject="cosmonapse.dev.>", where=Where(type="BID"))
            offering = floor.offer()
            await floor.until(lambda: floor.app.session.timeline.board.by_hand.held)
            await floor.pilot.press("v")
            await floor.until(lambda: "by cosmo gate: cosmo-77" in floor.text)
            await floor.until(lambda: floor.app.observatory.scene.hold_id is not None)
            await floor.pilot.press("a")
            await floor.until(lambda: "Another gate holds it" in floor.text)
        finally:
            await client.close()
        assert await winner_of(floor, offering) == "ada"

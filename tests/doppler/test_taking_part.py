"""A person at the screen takes part: bids by hand, wins, answers, gives back, is stopped, leaves; over a real bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input, TextArea

from cosmo_bus.testing import running_bus
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.person import GAVE_UP, LEFT
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.modals import part
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice
from cosmo_doppler.tui.modals.work import LONGEST_TYPED, read_answer
from cosmo_sdk import Dendrite, Directed, Pathway, Signal, SignalType, connect_synapse
from tests.doppler.desk import Desk
from tests.doppler.session.waiting import until
from tests.doppler.tui.hostile import HARMFUL, NASTY

NAMESPACE = "dev"
ME = "person:ann"
LONG_MS = 60_000


class Room(Desk):
    """A producer that sells, and a person who buys."""

    async def until(self, holds: Callable[[], Any]) -> None:
        await until(holds)

    async def offered(self, **terms: Any) -> asyncio.Task[Pathway]:
        """Put an auction up and wait until it is selected on the screen."""
        terms = {"input": {"text": "the harvest"}, "deadline_ms": LONG_MS, **terms}
        selling = asyncio.ensure_future(self.producer.dispatch_offer(capabilities=["summarize"], **terms))
        scene = self.app.observatory.scene
        await self.until(lambda: scene.auction is not None and scene.auction.state == "open")
        return selling

    async def put_up(self, deadline_ms: int = LONG_MS, text: str = "the harvest") -> Signal:
        """The same without a Dendrite that decides: what a test does not send does not happen."""
        offer = Signal(
            type=SignalType.TASK_OFFER,
            payload={
                "input": {"text": text},
                "capabilities": ["summarize"],
                "deadline_ms": deadline_ms,
            },
        )
        await self.producer.publish(offer)
        await self.until(lambda: self.app.observatory.scene.auction is not None)
        return offer

    async def bid(self, cost: str = "0.5") -> Form[Any]:
        form = await self.form("M")
        form.query_one("#cost", Input).value = cost
        form.query_one("#eta", Input).value = "90"
        form.query_one("#confidence", Input).value = "0.8"
        await self.pilot.press("ctrl+s")
        await self.until(lambda: self.app.screen is not form)
        return form

    @property
    def auction(self) -> Auction:
        (auction,) = self.app.session.timeline.board.auctions.values()
        return auction

    async def rival_bids(self, offer: Signal) -> Signal:
        bid = offer.reply(SignalType.BID, {"cost": 0.2, "confidence": 0.5}, directed=Directed(id="rival"))
        await self.producer.publish(bid)
        return bid

    async def award(self, bid: Signal) -> None:
        """Decline everybody else, then award, as producers do."""
        await self.until(lambda: self.auction.bid_of(bid.id))
        for seen in self.auction.bids:
            if seen.bid.id != bid.id:
                await self.producer.publish(
                    Signal(
                        type=SignalType.TASK_DECLINED,
                        trace_id=bid.trace_id,
                        parent_id=seen.bid.id,
                        directed=Directed(id=seen.bid.neuron),
                        payload={"reason": "not selected"},
                    )
                )
        payload = {"input": {"text": "the harvest"}, "winning_bid": bid.payload}
        await self.producer.publish(bid.reply(SignalType.TASK_AWARDED, payload, directed=bid.directed))

    async def won(self, **terms: Any) -> Pathway:
        """Win an auction; the work waits then."""
        selling = await self.offered(**terms)
        await self.bid()
        pathway = await selling
        await self.works()
        return pathway

    async def works(self) -> None:
        person = self.app.session.person
        assert person is not None
        await self.until(lambda: person.open and self.app.session.timeline.board.waiting)

    async def shows(self, text: str) -> None:
        try:
            await self.until(lambda: text in self.text)
        except TimeoutError:
            raise AssertionError(f"{text!r} is not on the screen:\n{self.text}") from None

    async def say(self, text: str, reply: str = "answer") -> None:
        form = await self.form("A")
        form.query_one("#reply", Choice).choose(reply)
        form.query_one("#text", TextArea).text = text
        await self.until(lambda: not form.query_one("#send", Button).disabled)
        await self.pilot.press("ctrl+s")
        await self.until(lambda: self.app.screen is not form)


@asynccontextmanager
async def producing() -> AsyncIterator[tuple[str, Dendrite]]:
    """A bus and a producer on it."""
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        async with Dendrite(
            synapse=synapse, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0
        ) as producer:
            yield bus.url, producer
        await synapse.close()


@asynccontextmanager
async def at_the_screen(
    url: str, producer: Dendrite, size: tuple[int, int] = (120, 40), beside: str = ""
) -> AsyncIterator[Room]:
    """Doppler looking at them, and at another namespace of the same bus if one is named."""
    others = [open_live(url, beside)] if beside else []
    app = DopplerApp(open_live(url, NAMESPACE), view="auctions", beside=others)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        room = Room(app, pilot, producer)
        await room.until(lambda: app.session.person is not None and app.session.status().state == "live")
        yield room


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Form, "GUARD_S", 0.01)
    monkeypatch.setattr(part, "usual_name", lambda: ME)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with producing() as (url, producer), at_the_screen(url, producer) as room:
        yield room


async def test_a_bid_by_hand_wins_and_its_answer_is_the_result(room: Room) -> None:
    pathway = await room.won(scope="terminal")
    await room.shows("You won, A answers it: the harvest")
    await room.shows("1 to do")
    await room.shows(f"you are {ME}")
    await room.pilot.press("4")
    await room.shows("due in ")
    await room.shows(" s  you won: the harvest")
    await room.say('{"summary": "good"}')
    final = await pathway.wait(timeout_s=20)
    assert (final.type, final.payload) == (SignalType.FINAL, {"result": {"summary": "good"}})
    await room.until(lambda: "1 to do" not in room.text)
    assert room.auction.winning_bid is not None
    assert (room.auction.winner, room.auction.winning_bid.eta_ms) == (ME, 90_000)


async def test_the_form_counts_the_window_down_and_says_where_the_bid_would_stand(room: Room) -> None:
    offer = await room.put_up()
    await room.shows("left   M bids by hand")
    form = await room.form("M")
    await room.shows("s left of 60.0 s")
    await room.rival_bids(offer)
    await room.shows("1, cheapest 0.2 by rival, surest 0.5 by rival")
    assert "Type a cost" in room.text
    form.query_one("#cost", Input).value = "0.3"
    form.query_one("#confidence", Input).value = "0.9"
    await room.shows("2nd of 2 by cost, 1st by confidence")
    with room.app.session.lock:
        room.auction.stand_still(room.app.session.timeline.now)
    await room.shows("standing still at a gate")
    form.query_one("#confidence", Input).value = "7"
    await room.shows("Confidence goes from 0 to 1")
    assert form.query_one("#send", Button).disabled


async def test_a_bid_that_lost_is_said(room: Room) -> None:
    offer = await room.put_up()
    await room.bid("0.5")
    await room.until(lambda: len(room.auction.bids) == 1)
    await room.award(await room.rival_bids(offer))
    await room.shows("Your bid was declined, rival won")
    assert not room.app.session.timeline.board.waiting


async def test_a_bid_after_the_window_is_said_to_be_late(room: Room) -> None:
    await room.put_up(deadline_ms=1)
    form = await room.form("M")
    await room.shows("a bid now is late, and may not be weighed")
    form.query_one("#cost", Input).value = "1"
    await room.pilot.press("ctrl+s")
    await room.shows("Your bid came too late to be weighed")


async def test_nothing_is_bid_for_what_somebody_else_has(room: Room) -> None:
    offer = await room.put_up()
    form = await room.form("M")
    form.query_one("#cost", Input).value = "1"
    await room.until(lambda: not form.query_one("#send", Button).disabled)
    await room.award(await room.rival_bids(offer))
    await room.shows("Awarded to rival: nothing left to bid for")
    await room.pilot.press("ctrl+s")
    assert room.app.screen is form


async def test_a_task_for_the_person_arrives_once_they_take_part(room: Room) -> None:
    form = await room.form("M")
    await room.shows("No auction is selected")
    form.query_one("#able", Input).value = "summarize"
    await room.pilot.press("ctrl+s")
    await room.until(lambda: ME in room.app.session.timeline.board.roster)
    assert room.app.session.timeline.board.roster[ME].capabilities == ["summarize"]
    pathway = await room.producer.dispatch(neuron=ME, input={"question": "which year?"})
    await room.works()
    await room.shows("A task for you, A answers it: which year?")
    await room.say("2025, I think")
    output = await pathway.wait(timeout_s=20)
    assert output.payload == {"output": {"value": "2025, I think"}}


async def test_notes_and_giving_back(room: Room) -> None:
    pathway = await room.won()
    await room.say("reading it", "note")
    note = await pathway.wait_for(SignalType.THOUGHT_DELTA, timeout_s=20)
    assert note.payload["delta"] == "reading it"
    await room.say("not my field", "give up")
    error = await pathway.wait(timeout_s=20)
    assert error.payload == {"code": GAVE_UP, "message": "not my field", "recoverable": True}


async def test_a_stop_closes_the_form_for_sending_and_takes_the_work_back(room: Room) -> None:
    pathway = await room.won()
    form = await room.form("A")
    form.query_one("#text", TextArea).text = '"done"'
    await room.until(lambda: not form.query_one("#send", Button).disabled)
    acks = await room.producer.stop_trace(pathway.trace_id, collect_acks=True, timeout_s=20)
    assert ("person-ann", 1) in {(ack.neuron, ack.payload["cancelled"]) for ack in acks}
    await room.shows("This work was stopped, or passed on to somebody else")
    await room.pilot.press("ctrl+s")
    assert room.app.screen is form


async def test_what_was_typed_is_there_again(room: Room) -> None:
    await room.won()
    form = await room.form("A")
    await room.pilot.press("h", "a", "l", "f")
    await room.pilot.press("escape")
    await room.until(lambda: room.app.screen is not form)
    again = await room.form("A")
    assert again.query_one("#text", TextArea).text == "half"


async def test_leaving_by_the_form_returns_the_work(room: Room) -> None:
    pathway = await room.won()
    form = await room.form("M")
    form.query_one("#leave", Choice).choose(True)
    await room.shows("1 piece of work goes back to who asked")
    await room.pilot.press("ctrl+s")
    error = await pathway.wait(timeout_s=20)
    assert error.payload["code"] == LEFT
    await room.until(lambda: f"you are {ME}" not in room.text)


def editor(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: str) -> None:
    """An editor that leaves an answer, on a terminal that can be given away."""
    (folder / "answer").write_text(answer)
    script = folder / "editor"
    script.write_text(f'#!/bin/sh\ncp {folder}/answer "$1"\n')
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr(DopplerApp, "suspend", lambda app: nullcontext())


@pytest.mark.parametrize("length", [20, 3 * LONGEST_TYPED])
async def test_an_answer_may_be_written_in_an_editor(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, length: int
) -> None:
    editor(monkeypatch, tmp_path, json.dumps({"summary": "x" * length}))
    pathway = await room.won()
    form = await room.form("A")
    await room.pilot.press("ctrl+e")
    shown = "60,0" if length > LONGEST_TYPED else "xxxx"
    await room.until(lambda: shown in form.query_one("#text", TextArea).text)
    await room.pilot.press("ctrl+s")
    output = await pathway.wait_for(SignalType.AGENT_OUTPUT, timeout_s=20)
    assert output.payload == {"output": {"summary": "x" * length}}


async def test_an_editor_that_is_not_there_is_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    monkeypatch.setattr(DopplerApp, "suspend", lambda app: nullcontext())
    await room.won()
    form = await room.form("A")
    await room.pilot.press("ctrl+e")
    await room.pilot.press("escape")
    await room.until(lambda: room.app.screen is not form)
    await room.shows("Cannot start /no/such/editor")


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["80x24", "60x16"])
async def test_forms_fit_small_terminals_and_show_nothing_harmful(size: tuple[int, int]) -> None:
    async with producing() as (url, producer), at_the_screen(url, producer, size) as room:
        offer = await room.put_up(text=NASTY)
        await producer.publish(offer.reply(SignalType.BID, {"cost": 0.2}, Directed(id=NASTY)))
        form = await room.form("M")
        await room.until(lambda: len(room.auction.bids) == 1)
        assert_fits(room, form)
        form.query_one("#cost", Input).value = "0.1"
        await room.pilot.press("ctrl+s")
        await room.until(lambda: len(room.auction.bids) == 2)
        mine = room.auction.bids[1].bid
        award = Signal(
            type=SignalType.TASK_AWARDED,
            trace_id=offer.trace_id,
            parent_id=mine.id,
            directed=Directed(id=ME),
            payload={"input": {NASTY: [NASTY]}},
        )
        await producer.publish(award)
        await room.works()
        for key in ("A", "M"):
            form = await room.form(key)
            assert_fits(room, form)
            await room.pilot.press("escape")
            await room.until(lambda: not isinstance(room.app.screen, Form))
        await room.pilot.press("4")
        await room.shows("TASK_AWARDED")
        assert HARMFUL.search(room.text.replace("\n", "")) is None


def assert_fits(room: Room, form: Form[Any]) -> None:
    for each in form.query(Button):
        assert form.region.contains_region(each.region), f"{each.id} at {each.region}"
    assert HARMFUL.search(room.text.replace("\n", "")) is None


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_with_work_in_hand_asks_first_and_returns_it(key: str) -> None:
    async with producing() as (url, producer):
        async with at_the_screen(url, producer) as room:
            pathway = await room.won()
            form = await room.form(key)
            await room.shows("1 piece of work waits for you")
            await room.pilot.press("enter")
            await room.until(lambda: room.app.screen is not form)
            assert room.app.is_running
            await room.form(key)
            await room.pilot.press("ctrl+s")
        error = await pathway.wait(timeout_s=20)
    assert (error.payload["code"], error.payload["recoverable"]) == (LEFT, True)


async def test_watching_a_bus_no_longer_asks_first_too() -> None:
    async with producing() as (url, producer), at_the_screen(url, producer, beside="other") as room:
        pathway = await room.won()
        await room.form("ctrl+w")
        await room.shows("1 piece of work waits for you")
        await room.pilot.press("ctrl+s")
        # The bus lives on this loop, which goes on while the session ends in a thread of its own.
        error = await pathway.wait(timeout_s=20)
        assert error.payload["code"] == LEFT
        assert [session.namespace for session in room.app.watched.sessions] == ["other"]


def test_an_answer_is_json_where_it_is_any_and_text_otherwise() -> None:
    assert read_answer('{"a": 1}') == ({"a": 1}, "")
    assert read_answer("42") == (42, "")
    assert read_answer("just words\nin lines") == ("just words\nin lines", "")
    assert read_answer('{"a": ')[1].startswith("Not JSON at line 1")
    assert read_answer("[NaN]")[1] == "Not JSON: NaN is no JSON value"
    assert read_answer("  ")[1].startswith("Type an answer")

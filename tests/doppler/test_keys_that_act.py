"""The whole way of a key that acts: from the screen over a real bus to a real worker, and back as signals."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.widgets import Input, TextArea

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.tui.modals.parts import Choice
from cosmo_doppler.tui.screens.comparing import CompareScreen
from cosmo_sdk import SignalType, task_signal
from tests.doppler.desk import at_the_desk


async def asks_once(input, context):
    if "clarification" in input:
        return {"year": input["clarification"]["answer"]}
    return {"__clarification__": True, "question": "which year?"}


async def test_an_answer_typed_on_the_screen_makes_the_worker_go_on():
    async with at_the_desk(asks_once) as desk:
        task = await desk.producer.dispatch_task(neuron="ann", input={"report": "harvest"}, finalize=True)
        await desk.until(lambda: "CLARIFICATION" in desk.kinds(task.trace_id))
        await desk.form("A")
        await desk.pilot.press("2", "0", "2", "5", "ctrl+s")
        await desk.until(lambda: "FINAL" in desk.kinds(task.trace_id))
        assert desk.kinds(task.trace_id) == ["TASK", "CLARIFICATION", "TASK", "AGENT_OUTPUT", "FINAL"]
        seq = desk.app.session.timeline.board.traces[task.trace_id].rows[-1].seq
        assert desk.app.session.store.header(seq).read_payload() == {"result": {"year": "2025"}}


async def asks_leave(input, context):
    if "permission" in input:
        return {"granted": input["permission"]["granted"]}
    return {"__permission__": True, "action": "delete the draft"}


async def test_a_permission_is_granted_by_its_key_and_enter():
    async with at_the_desk(asks_leave) as desk:
        task = await desk.producer.dispatch_task(neuron="ann", input={"draft": 1})
        await desk.until(lambda: "PERMISSION" in desk.kinds(task.trace_id))
        form = await desk.form("A")
        await desk.pilot.press("g")
        # Keys that come as fast as a paste decide nothing.
        await desk.until(lambda: not form.deaf)
        await desk.pilot.press("enter")
        await desk.until(lambda: "AGENT_OUTPUT" in desk.kinds(task.trace_id))
        seq = desk.app.session.timeline.board.traces[task.trace_id].rows[-1].seq
        assert desk.app.session.store.header(seq).read_payload() == {"output": {"granted": True}}


async def test_a_stop_from_the_screen_ends_the_run():
    cancelled = asyncio.Event()

    async def endless(input, context):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with at_the_desk(endless) as desk:
        task = await desk.producer.dispatch_task(neuron="ann", input={"dig": "a hole"})
        await desk.until(lambda: desk.app.observatory.scene.trace_id == task.trace_id)
        await desk.form("S")
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "STOPPED" in desk.kinds(task.trace_id))
        assert cancelled.is_set()
        assert desk.app.session.timeline.board.traces[task.trace_id].status == "stopped"


async def test_an_offer_from_the_screen_is_bid_for_and_done():
    async def summarize(input, context):
        return {"summary": input["text"][:3]}

    async with at_the_desk(summarize, "summarize") as desk:
        form = await desk.form("O")
        form.query_one("#needs", Input).value = "summarize"
        await desk.pilot.press("ctrl+s")
        board = desk.app.session.timeline.board
        await desk.until(lambda: any(each.status == "done" for each in board.traces.values()))
        (auction,) = board.auctions.values()
        assert (auction.state, auction.winner, auction.capabilities) == ("awarded", "ann", ["summarize"])


async def test_an_auction_is_offered_again_with_changes_and_the_new_one_is_selected():
    async def summarize(input, context):
        return {"summary": input["text"][:3]}

    async with at_the_desk(summarize, "summarize") as desk:
        first = await desk.producer.dispatch_offer(
            input={"text": "a long story"}, capabilities=["summarize"], deadline_ms=900, select="lowest_cost"
        )
        board, scene = desk.app.session.timeline.board, desk.app.observatory.scene
        await desk.until(lambda: any(each.state == "awarded" for each in board.auctions.values()))
        await desk.pilot.press("2")
        (offer_id,) = board.auctions
        await desk.until(lambda: scene.offer_id == offer_id)
        form = await desk.form("R")
        assert form.query_one("#needs", Input).value == "summarize"
        assert form.query_one("#input", TextArea).text == '{"text": "a long story"}'
        assert form.query_one("#window", Input).value == "900"
        form.query_one("#window", Input).value = "1000"
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: len(board.auctions) == 2 and scene.offer_id != offer_id)
        auction = board.auctions[scene.offer_id]
        await desk.until(lambda: auction.state == "awarded")
        assert (desk.app.observatory.stage.view, auction.deadline_ms) == ("auctions", 1000)
        assert (auction.title, auction.capabilities) == (board.auctions[offer_id].title, ["summarize"])
        said = "Offered again: ann at 0 won, as before; D shows both"
        await desk.until(lambda: said in desk.text)
        await desk.pilot.press("D")
        await desk.until(lambda: isinstance(desk.app.screen, CompareScreen))
        await first.close()


async def test_the_connect_form_leads_to_a_recording(tmp_path: Path):
    path = tmp_path / "seen.ndjson"
    writer = RecordingWriter(path)
    writer.write(1_790_000_000.0, "cosmonapse.dev.TASK", task_signal(input={"dig": 1}).encode())
    writer.close()
    async with at_the_desk(asks_once) as desk:
        live = desk.app.session
        form = await desk.form("C")
        form.query_one("#place", Choice).choose("recording")
        await desk.pilot.pause()
        form.query_one("#path", Input).value = str(path)
        await desk.pilot.pause()
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: desk.app.session is not live)
        assert (desk.app.session.kind, desk.app.session.title) == ("replay", "seen.ndjson")
        assert live.status().state == "live"
        await desk.until(lambda: desk.app.session.timeline.board.types[SignalType.TASK] == 1)
        await desk.pilot.press("ctrl+n", "ctrl+w")
        await desk.until(lambda: live.status().state == "closed")
        assert desk.app.session.kind == "replay"

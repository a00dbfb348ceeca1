"""A worker that is killed turns late, then stale, and lives again when it is started again."""

from __future__ import annotations

import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec

from cosmo_bus.testing import running_bus
from tests.doppler.session.live import is_live, watching
from tests.doppler.session.waiting import until

WORKER = """
import asyncio, sys
from cosmo_sdk import Axon, Dendrite, DevSynapse

async def brew(input, context):
    return {"tea": True}

async def main():
    synapse = DevSynapse(sys.argv[1])
    await synapse.connect()
    dendrite = Dendrite(synapse=synapse, namespace="dev", dendrite_id="host", heartbeat_s=0.2, role="worker")
    dendrite.attach_axon(Axon(neuron_id="kettle", neuron_fn=brew, capabilities=["brew"]))
    async with dendrite:
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def start(url: str) -> Process:
    worker = await create_subprocess_exec(sys.executable, "-c", WORKER, url, stdout=PIPE, stderr=DEVNULL)
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"up\n"
    return worker


async def kill(worker: Process) -> None:
    worker.send_signal(signal.SIGKILL)
    await worker.wait()


async def test_a_killed_worker_turns_late_then_stale_and_comes_back_by_itself() -> None:
    async with running_bus() as bus, watching(bus.url) as session:
        await until(lambda: is_live(session))
        board = session.timeline.board
        turns: list[str] = []
        told = board.presence.on_turn

        def note(who, before, at):
            turns.append(who.state)
            told(who, before, at)

        board.presence.on_turn = note
        worker = await start(bus.url)
        try:
            await until(lambda: "kettle" in board.roster and len(board.roster["kettle"].beats) > 4)
        finally:
            await kill(worker)
        await until(lambda: "stale" in turns)
        # A busy machine may have made it late for a moment before.
        assert [state for state in turns if state != "live"][-2:] == ["late", "stale"]
        with session.lock:
            (fault,) = [
                fault for fault in board.faults.by_id.values() if fault.kind == "silent" and fault.standing
            ]
        assert "no sign of kettle" in fault.sentence
        again = await start(bus.url)
        try:
            await until(lambda: turns[-1] == "live")
            await until(lambda: not fault.standing)
            assert board is session.timeline.board
        finally:
            await kill(again)


async def test_whoever_was_there_before_is_known_soon_after_attaching() -> None:
    async with running_bus() as bus:
        worker = await start(bus.url)
        try:
            async with watching(bus.url) as session:
                await until(lambda: "kettle" in session.timeline.board.roster)
                types = [session.store.observed(seq).header.type for seq in range(len(session.store))]
                # We hear our own question: so we listened before we asked, and no answer can have been missed.
                assert "DISCOVER" in types
                await until(lambda: session.timeline.board.presence.complete(session.timeline.now))
        finally:
            await kill(worker)

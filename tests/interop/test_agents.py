"""Agents of ours and of released peers, working for each other; and commands across the border."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.model.board import Board
from cosmo_doppler.session import Session, load_all, open_live, open_replay
from cosmo_sdk import Axon, Dendrite, Signal, SignalType, connect_synapse
from tests.doppler.cli.commands import cosmo, running
from tests.interop.peers import Peer, read_until

pytestmark = pytest.mark.peer

AGENT = Path(__file__).with_name("peer_agent.py")
PATIENCE_S = 30.0
NAMESPACE = "dev"


async def next_line(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    assert line, "the peer ended"
    return json.loads(line)


@asynccontextmanager
async def peer_worker(peer: Peer, url: str) -> AsyncIterator[Process]:
    async with peer.script(AGENT, "worker", url, NAMESPACE) as process:
        assert await next_line(process) == {"ready": True}
        yield process


@asynccontextmanager
async def peer_producer(
    peer: Peer, url: str, what: str, neuron: str = "-", **input: Any
) -> AsyncIterator[Process]:
    async with peer.script(AGENT, what, url, NAMESPACE, neuron, json.dumps(input)) as process:
        yield process


class OurWorker:
    """A Neuron of ours that echoes, asks, or works until it is stopped."""

    def __init__(self) -> None:
        self.working = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def think(self, input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        if input.get("ask"):
            return {"__clarification__": True, "question": input["ask"]}
        if input.get("permit"):
            return {"__permission__": True, "action": input["permit"]}
        if input.get("sleep"):
            self.working.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return {"echo": input}


@asynccontextmanager
async def our_worker(url: str) -> AsyncIterator[OurWorker]:
    worker = OurWorker()
    async with our_dendrite(url, role="worker", heartbeat_s=0.3) as dendrite:
        await dendrite.add_axon(Axon(neuron_id="our-worker", neuron_fn=worker.think, capabilities=["echo"]))
        yield worker


@asynccontextmanager
async def our_dendrite(url: str, **options: Any) -> AsyncIterator[Dendrite]:
    synapse = await connect_synapse(url)
    options.setdefault("heartbeat_s", 0)
    try:
        async with Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="ours", **options) as dendrite:
            yield dendrite
    finally:
        await synapse.close()


@pytest.fixture(params=["our bus", "their bus"])
async def url(request: pytest.FixtureRequest, peer: Peer) -> AsyncIterator[str]:
    """A bus of ours, then one of theirs."""
    if request.param == "our bus":
        async with running_bus() as bus:
            yield bus.url
    else:
        async with peer.bus(NAMESPACE) as address:
            yield address


async def test_their_worker_serves_our_producer(peer: Peer, url: str) -> None:
    async with peer_worker(peer, url), our_dendrite(url) as desk:
        reply = await desk.dispatch_and_wait(neuron="peer-worker", input={"n": 1}, scope="terminal")
        assert (reply.type, reply.payload["result"]) == (SignalType.FINAL, {"echo": {"n": 1}})
        failed = await desk.dispatch_and_wait(neuron="peer-worker", input={"fail": "no paper"})
        assert (failed.type, failed.payload["code"]) == (SignalType.ERROR, "BROKEN")


async def test_our_worker_serves_their_producer(peer: Peer, url: str) -> None:
    async with our_worker(url), peer_producer(peer, url, "task", "our-worker", n=2) as producer:
        said = await next_line(producer)
    assert (said["type"], said["who"]) == ("FINAL", "our-worker")
    assert said["payload"]["result"] == {"echo": {"n": 2}}


async def test_their_worker_wins_our_auction_to_the_final(peer: Peer, url: str) -> None:
    async with (
        peer_worker(peer, url),
        our_dendrite(url) as desk,
        await desk.dispatch_offer(
            input={"n": 3}, capabilities=["echo"], deadline_ms=400, select="lowest_cost", scope="terminal"
        ) as pathway,
    ):
        reply = await pathway.wait(timeout_s=PATIENCE_S)
    assert (reply.type, reply.neuron) == (SignalType.FINAL, "peer-worker")


async def test_our_worker_wins_their_auction_to_the_final(peer: Peer, url: str) -> None:
    async with our_worker(url), peer_producer(peer, url, "offer", n=4) as producer:
        said = await next_line(producer)
    assert (said["type"], said["who"]) == ("FINAL", "our-worker")
    assert said["payload"]["result"] == {"echo": {"n": 4}}


async def test_our_stop_cancels_their_worker(peer: Peer, url: str) -> None:
    async with peer_worker(peer, url) as worker, our_dendrite(url) as desk:
        task = await desk.dispatch_task(neuron="peer-worker", input={"sleep": True})
        assert await next_line(worker) == {"working": True}
        acks = await desk.stop_trace(task.trace_id, reason="enough", collect_acks=True, timeout_s=2.0)
        assert await next_line(worker) == {"cancelled": True}
    assert [ack.payload["cancelled"] for ack in acks] == [1]


async def test_their_stop_cancels_our_worker(peer: Peer, url: str) -> None:
    async with (
        our_worker(url) as worker,
        peer_producer(peer, url, "stop", "our-worker", sleep=True) as producer,
    ):
        await asyncio.wait_for(worker.working.wait(), PATIENCE_S)
        assert producer.stdin is not None
        producer.stdin.write(b"now\n")
        said = await next_line(producer)
        assert worker.cancelled.is_set()
    assert 1 in [ack["cancelled"] for ack in said["acks"]]


async def test_our_answer_makes_their_worker_go_on(peer: Peer, url: str) -> None:
    async with peer_worker(peer, url), our_dendrite(url) as desk:
        pathway = await desk.dispatch(neuron="peer-worker", input={"ask": "which year?"})
        question = await pathway.wait(timeout_s=PATIENCE_S)
        assert (question.type, question.payload["question"]) == (SignalType.CLARIFICATION, "which year?")
        await desk.respond_to_clarification(question, answer="2025")
        reply = await pathway.wait_for(SignalType.AGENT_OUTPUT, timeout_s=PATIENCE_S)
    assert reply.payload["output"] == {"answered": "2025"}


# -- their commands on our bus


async def test_their_commands_work_with_our_agents_on_our_bus(peer: Peer) -> None:
    async with running_bus() as bus, our_worker(bus.url):
        on = ("--url", bus.url, "-n", NAMESPACE)
        listed = await peer.run("registry", "list", *on, "--json")
        done = await peer.run("dispatch", *on, "--neuron", "our-worker", "--input", '{"n": 5}', "--json")
        won = await peer.run("dispatch", *on, "--offer", "--capabilities", "echo", "--json")
        nobody = await peer.run("dispatch", *on, "--neuron", "nobody", "--timeout", "0.5")
    assert [each["id"] for each in json.loads(listed.out)] == ["our-worker"]
    assert json.loads(done.out)["payload"]["result"] == {"echo": {"n": 5}}
    assert json.loads(won.out)["type"] == "FINAL"
    assert nobody.code == 2


async def test_their_answer_command_answers_our_worker(peer: Peer) -> None:
    async with (
        running_bus() as bus,
        our_worker(bus.url),
        our_dendrite(bus.url) as desk,
        peer.command("answer", "--url", bus.url, "-n", NAMESPACE) as answer,
    ):
        heard = asyncio.Event()
        desk.on_permission_decision(lambda _: heard.set())
        await desk.ensure_subscribed(SignalType.PERMISSION_DECISION)
        request = await _ask_until_heard(desk, answer)
        assert answer.stdin is not None
        answer.stdin.write(b"y\n")
        await asyncio.wait_for(heard.wait(), PATIENCE_S)
        decision = await desk.await_decision(request, timeout_s=PATIENCE_S)
    assert decision.payload["granted"] is True


async def _ask_until_heard(desk: Dendrite, answer: Process) -> Signal:
    """Ask again and again: their command does not say when it has begun to listen."""
    shown = asyncio.create_task(read_until(answer, r"\[permission\].*(trc_\w+)"))
    asked: dict[str, Signal] = {}
    while not shown.done():
        request = await desk.dispatch_and_wait(neuron="our-worker", input={"permit": "print"})
        asked[request.trace_id] = request
        await asyncio.wait({shown}, timeout=0.2)
    return asked[(await shown)[1]]


async def test_what_their_tail_prints_opens_as_a_recording(peer: Peer, tmp_path: Path) -> None:
    async with (
        running_bus() as bus,
        our_worker(bus.url),
        our_dendrite(bus.url) as desk,
        peer.command("prism", "--tail", "--json", "--url", bus.url, "-n", NAMESPACE) as tail,
    ):
        first = await read_until(tail, r"^(\{.*\})$")
        await desk.dispatch_and_wait(neuron="our-worker", input={"n": 6}, scope="terminal")
        lines = [first[1]]
        assert tail.stdout is not None
        while '"FINAL"' not in lines[-1]:
            lines.append((await asyncio.wait_for(tail.stdout.readline(), PATIENCE_S)).decode().strip())
    path = tmp_path / "tail.ndjson"
    path.write_text("\n".join(lines) + "\n")
    session = open_replay(path)
    load_all(session)
    assert len(session.store) == len(lines)
    assert session.timeline.board.malformed == 0
    assert [trace.status for trace in session.timeline.board.traces.values()] == ["done"]


# -- our commands on their bus


async def test_our_commands_work_with_their_agents_on_their_bus(peer: Peer, tmp_path: Path) -> None:
    path = tmp_path / "session.ndjson"
    async with peer.bus(NAMESPACE) as url, peer_worker(peer, url) as worker:
        on = ("--url", url, "-n", NAMESPACE)
        with running("record", "-o", str(path), *on) as record:
            await asyncio.to_thread(record.wait_for, "recording")
            listed = await asyncio.to_thread(cosmo, "registry", "list", *on, "--expect", "1", "--json")
            done = await asyncio.to_thread(cosmo, "dispatch", *on, "--neuron", "peer-worker", "--json")
            won = await asyncio.to_thread(
                cosmo, "dispatch", *on, "--offer", "--capabilities", "echo", "--json"
            )
            failed = await asyncio.to_thread(
                cosmo, "dispatch", *on, "--neuron", "peer-worker", "--input", '{"fail": "no paper"}'
            )
            sent = await asyncio.to_thread(
                cosmo,
                "dispatch",
                *on,
                "--neuron",
                "peer-worker",
                "--input",
                '{"sleep": 1}',
                "--no-wait",
                "--json",
            )
            assert await next_line(worker) == {"working": True}
            stopped = await asyncio.to_thread(
                cosmo, "stop", json.loads(sent.stdout)["trace_id"], *on, "--json"
            )
            viewed = await asyncio.to_thread(cosmo, "synapse", "view", "--url", url, "--json")
            assert record.interrupt() == 0
    assert [each["id"] for each in json.loads(listed.stdout)] == ["peer-worker"]
    assert json.loads(done.stdout)["type"] == json.loads(won.stdout)["type"] == "FINAL"
    assert (failed.returncode, "no paper" in failed.stderr) == (1, True)
    assert [ack["cancelled"] for ack in json.loads(stopped.stdout)] == [1]
    assert [known["namespace"] for known in json.loads(viewed.stdout)["namespaces"]] == [NAMESPACE]
    session = open_replay(path)
    load_all(session)
    assert session.timeline.board.types["FINAL"] == 2
    assert session.timeline.board.malformed == 0


# -- our Doppler on their bus


def until(session: Session, condition: Callable[[Board], object]) -> None:
    """Wait until the board of the session shows it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with session.lock:
            if condition(session.timeline.board):
                return
            seen = dict(session.timeline.board.types)
        assert time.monotonic() < deadline, f"it never happened; seen: {seen}"
        time.sleep(0.02)


def has(board: Board, *types: str) -> bool:
    """Whether one trace has all of these."""
    return any({node.type for node in trace.rows} >= set(types) for trace in board.traces.values())


async def test_doppler_on_their_bus_shows_everything_they_send(peer: Peer) -> None:
    async with peer.bus(NAMESPACE) as url:
        session = open_live(url, NAMESPACE)
        session.start()
        try:
            await asyncio.to_thread(until, session, lambda board: board.types["DISCOVER"])
            async with peer_worker(peer, url):
                async with peer_producer(peer, url, "offer", n=7) as producer:
                    assert (await next_line(producer))["type"] == "FINAL"
                async with peer_producer(peer, url, "task", "peer-worker", fail="no paper") as producer:
                    assert (await next_line(producer))["type"] == "ERROR"
                async with peer_producer(peer, url, "task", "peer-worker", ask="which year?") as producer:
                    await next_line(producer)
                await asyncio.to_thread(
                    until,
                    session,
                    lambda board: (
                        has(board, "TASK_OFFER", "BID", "TASK_AWARDED", "AGENT_OUTPUT", "FINAL")
                        and has(board, "TASK", "ERROR")
                        and has(board, "TASK", "CLARIFICATION")
                        and board.types["HEARTBEAT"] > 2
                    ),
                )
            await asyncio.to_thread(
                until, session, lambda board: board.roster["peer-worker"].liveness(board.now) == "stale"
            )
            board = session.timeline.board
            [auction] = board.auctions.values()
            assert (auction.state, auction.winner) == ("awarded", "peer-worker")
            assert [request.state for request in board.requests.values()] == ["open"]
            assert board.malformed == 0
            assert session.status().dropped == 0
        finally:
            await asyncio.to_thread(session.stop)


async def test_a_person_answers_their_worker_from_doppler(peer: Peer) -> None:
    async with peer.bus(NAMESPACE) as url, peer_worker(peer, url):
        session = open_live(url, NAMESPACE)
        session.start()
        try:
            await asyncio.to_thread(until, session, lambda board: "peer-worker" in board.roster)
            async with peer_producer(peer, url, "task", "peer-worker", ask="which year?") as producer:
                assert (await next_line(producer))["type"] == "CLARIFICATION"
            await asyncio.to_thread(until, session, lambda board: board.requests)
            [request] = session.timeline.board.requests.values()
            signal = Signal.decode(session.store.frame(request.seq))
            await session.act(lambda operator: operator.answer(signal, answer="2025", redispatch=True))
            await asyncio.to_thread(until, session, lambda board: has(board, "CLARIFICATION", "AGENT_OUTPUT"))
            assert session.timeline.board.requests[request.id].state == "answered"
        finally:
            await asyncio.to_thread(session.stop)

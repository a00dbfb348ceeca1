"""The commands of every released version on our bus with our agents, and ours on their bus with theirs."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.session import load_all, open_replay
from cosmo_sdk import Dendrite, Signal, SignalType
from tests.bus.raw import raw_client
from tests.doppler.cli.commands import cosmo, running
from tests.interop.border import Border, PeerRoom
from tests.interop.peers import ANSWER_S, Peer, install, read_until
from tests.interop.versions import ABILITIES

pytestmark = [
    pytest.mark.peer,
    pytest.mark.parametrize("version", ABILITIES),
]

NAMESPACE = "dev"
SLEEP = '{"sleep": 1}'


@pytest.fixture
def commands(version: str) -> Peer:
    """The version whose commands are run."""
    return install(version)


@pytest.fixture
async def ours(version: str) -> AsyncIterator[Border]:
    """A bus of ours, and nobody on it but whom the test asks for."""
    async with running_bus() as bus, raw_client(bus.port) as owner, AsyncExitStack() as stack:
        await owner.ask({"op": "ns_register", "namespace": NAMESPACE})
        yield Border(version, bus.url, NAMESPACE, stack=stack)


# -- their commands on our bus


async def test_their_commands_reach_our_agents(commands: Peer, ours: Border) -> None:
    await ours.work("ours", "echo")
    on = ("--url", ours.url, "-n", NAMESPACE)
    listed, done, won, failed, nobody, viewed, one = await asyncio.gather(
        commands.run("registry", "list", *on, "--timeout", "0.6", "--json"),
        commands.run("dispatch", *on, "--neuron", "ours", "--input", '{"n": 5}', "--json"),
        commands.run("dispatch", *on, "--offer", "--capabilities", "echo", "--json"),
        commands.run("dispatch", *on, "--neuron", "ours", "--input", '{"fail": "no paper"}'),
        commands.run("dispatch", *on, "--neuron", "nobody", "--timeout", "0.3"),
        commands.run("synapse", "view", "--url", ours.url, "--json"),
        commands.run("synapse", "view", *on, "--json"),
    )
    [entry] = json.loads(listed.out)
    assert (entry["id"], entry["role"], entry["capabilities"]) == ("ours", "neuron", ["echo"])
    assert json.loads(done.out)["payload"]["result"] == {"echo": {"n": 5}}
    assert (won.code, json.loads(won.out)["type"]) == (0, "FINAL")
    assert (failed.code, "no paper" in failed.out + failed.err) == (1, True)
    assert nobody.code == 2
    assert [each["namespace"] for each in json.loads(viewed.out)["namespaces"]] == [NAMESPACE]
    assert json.loads(one.out)["namespace"] == NAMESPACE


async def test_their_answer_command_decides_for_our_worker(commands: Peer, ours: Border) -> None:
    await ours.work("ours", "echo")
    desk = await ours.dendrite()
    heard: asyncio.Queue[Signal] = asyncio.Queue()
    desk.on_permission_decision(heard.put)
    await desk.ensure_subscribed(SignalType.PERMISSION_DECISION)
    async with commands.command("answer", "--url", ours.url, "-n", NAMESPACE) as answer:
        request = await _ask_until_heard(desk, answer)
        assert answer.stdin is not None
        answer.stdin.write(b"y\n")
        decision = await asyncio.wait_for(heard.get(), ANSWER_S)
    assert (decision.payload["granted"], decision.parent_id) == (True, request.id)


async def _ask_until_heard(desk: Dendrite, answer: Process) -> Signal:
    """Ask again and again: their command does not say when it has begun to listen."""
    shown = asyncio.create_task(read_until(answer, r"\[permission\].*(trc_\w+)"))
    asked: dict[str, Signal] = {}
    while not shown.done():
        request = await desk.dispatch_and_wait(neuron="ours", input={"permit": "print"})
        asked[request.trace_id] = request
        await asyncio.wait({shown}, timeout=0.1)
    return asked[(await shown)[1]]


async def test_what_their_observer_prints_opens_as_a_recording(
    commands: Peer, ours: Border, tmp_path: Path
) -> None:
    await ours.work("ours", "echo")
    desk = await ours.dendrite()
    watching = (*ours.abilities.observer, "--json", "--url", ours.url, "-n", NAMESPACE)
    async with commands.command(*watching) as observer:
        first = await read_until(observer, r"^(\{.*\})$")
        await desk.dispatch_and_wait(neuron="ours", input={"n": 6}, scope="terminal")
        lines = [first[1]]
        assert observer.stdout is not None
        while '"FINAL"' not in lines[-1]:
            lines.append((await asyncio.wait_for(observer.stdout.readline(), ANSWER_S)).decode().strip())
    assert {"TASK": 1, "AGENT_OUTPUT": 1, "FINAL": 1}.items() <= recorded(lines, tmp_path).items()


# -- our commands on their bus


async def test_our_commands_reach_their_agents(commands: Peer, room: PeerRoom, tmp_path: Path) -> None:
    async with commands.bus(NAMESPACE) as url:
        await room.do("work", url=url, namespace=NAMESPACE, neuron="theirs", capabilities=["echo"])
        on = ("--url", url, "-n", NAMESPACE)
        with running("tail", *on, "--json") as tail:
            # Their worker answers the DISCOVER with which the tail begins.
            await asyncio.to_thread(tail.wait_for, '"REGISTER"')
            listed, done, won, failed, viewed, sent = await asyncio.gather(
                our("registry", "list", *on, "--expect", "1", "--json"),
                our("dispatch", *on, "--neuron", "theirs", "--json"),
                our("dispatch", *on, "--offer", "--capabilities", "echo", "--json"),
                our("dispatch", *on, "--neuron", "theirs", "--input", '{"fail": "no paper"}'),
                our("synapse", "view", "--url", url, "--json"),
                our("dispatch", *on, "--neuron", "theirs", "--input", SLEEP, "--no-wait", "--json"),
            )
            await room.said("working")
            stopped = await our("stop", json.loads(sent.stdout)["trace_id"], *on, "--json")
            await room.said("cancelled")
            await asyncio.to_thread(tail.wait_for, '"STOPPED"')
        await room.do("leave", namespace=NAMESPACE)
    assert [each["id"] for each in json.loads(listed.stdout)] == ["theirs"]
    assert json.loads(done.stdout)["type"] == json.loads(won.stdout)["type"] == "FINAL"
    assert (failed.returncode, "no paper" in failed.stderr) == (1, True)
    assert (viewed.returncode, viewed.stderr) == (0, "")
    assert [known["namespace"] for known in json.loads(viewed.stdout)["namespaces"]] == [NAMESPACE]
    assert [ack["cancelled"] for ack in json.loads(stopped.stdout)] == [1]
    assert {"TASK_AWARDED", "FINAL", "ERROR", "STOP"} <= recorded(tail.out, tmp_path).keys()


def recorded(lines: list[str], directory: Path) -> Counter[str]:
    """What a recording of these lines holds, by type. Doppler must understand all of it."""
    path = directory / "tail.ndjson"
    path.write_text("\n".join(lines) + "\n")
    session = open_replay(path)
    load_all(session)
    board = session.timeline.board
    assert (len(session.store), board.malformed) == (len(lines), 0)
    return board.types


async def our(*arguments: str) -> Any:
    """Run a command of ours to its end."""
    return await asyncio.to_thread(cosmo, *arguments)

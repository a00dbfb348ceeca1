"""Whole programs in the style the protocol's users write, each a process, on a real bus."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cosmo_bus.testing import running_bus
from tests.servers.provider import Answer, Request, answer, running_provider

HERE = Path(__file__).parent


@asynccontextmanager
async def running(program: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program that has said `ready`; interrupted at the end."""
    process = await start(program, *arguments)
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def start(program: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / program), *arguments, stdout=asyncio.subprocess.PIPE
    )


async def output_of(program: str, *arguments: str) -> str:
    process = await start(program, *arguments)
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return output.decode()


@pytest.mark.parametrize(
    ("strategy", "winner"), [("lowest_cost", "summarizer-a"), ("highest_confidence", "summarizer-b")]
)
async def test_a_producer_gets_its_summary_from_the_winner(strategy: str, winner: str):
    async with (
        running_bus() as bus,
        running("bidding_worker.py", bus.url, "summarizer-a", "0.002", "0.80"),
        running("bidding_worker.py", bus.url, "summarizer-b", "0.005", "0.92"),
    ):
        said = await output_of("bidding_producer.py", bus.url, strategy)
    assert said == f"winner: {winner} result: {{'summary': 'a long article about bridges...'}}\n"


async def test_workers_share_tasks_by_hash_without_an_orchestrator():
    peers = ("worker-a", "worker-b")
    async with (
        running_bus() as bus,
        running("peer_worker.py", bus.url, "worker-a", *peers),
        running("peer_worker.py", bus.url, "worker-b", *peers),
    ):
        lines = (await output_of("peer_producer.py", bus.url)).splitlines()
    assert [line.partition(" answered: ")[2] for line in lines] == [
        f"a line about the {thing}" for thing in ("sun", "moon", "sea", "wind")
    ]
    assert {line.split(" ")[0] for line in lines} <= set(peers)


async def test_the_bus_shares_tasks_out_among_a_group(tmp_path: Path):
    logs = {name: tmp_path / name for name in ("worker-a", "worker-b")}
    async with (
        running_bus() as bus,
        running("balanced_worker.py", bus.url, "worker-a", str(logs["worker-a"])),
        running("balanced_worker.py", bus.url, "worker-b", str(logs["worker-b"])),
    ):
        lines = (await output_of("peer_producer.py", bus.url)).splitlines()
    assert {line.split(" ")[0] for line in lines} == set(logs)
    claims = [trace for log in logs.values() for trace in log.read_text().split()]
    assert len(claims) == len(set(claims)) == len(lines) == 4


async def test_workers_share_tasks_by_hash_and_ask_a_model(monkeypatch: pytest.MonkeyPatch):
    def poem(request: Request) -> Answer:
        about = request.body["messages"][0]["content"]
        return answer(
            {"choices": [{"message": {"role": "assistant", "content": f" a line about {about}\n"}}]}
        )

    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    peers = ("worker-a", "worker-b")
    async with (
        running_bus() as bus,
        running_provider(poem) as model,
        running("model_worker.py", bus.url, model.url, "worker-a", *peers),
        running("model_worker.py", bus.url, model.url, "worker-b", *peers),
    ):
        lines = (await output_of("peer_producer.py", bus.url)).splitlines()
    assert [line.partition(" answered: ")[2] for line in lines] == [
        f"a line about the {thing}" for thing in ("sun", "moon", "sea", "wind")
    ]
    assert {request.path for request in model.requests} == {"/v1/chat/completions"}
    assert {request.headers["authorization"] for request in model.requests} == {
        "Bearer hf_of_the_environment"
    }
    assert [request.body["max_tokens"] for request in model.requests] == [128] * 4


async def test_one_process_may_host_conclude_and_keep_a_registry(tmp_path: Path):
    async with running_bus() as bus:
        said = await output_of("finalizing_worker.py", bus.url, str(tmp_path / "registry.db"))
    assert said.splitlines() == ["final: {'answer': 'HI'}", "known: ['answerer']"]


async def test_the_first_bid_ends_the_window():
    async with (
        running_bus() as bus,
        running("bidding_worker.py", bus.url, "summarizer-a", "0.002", "0.80"),
    ):
        said = await output_of("bidding_producer.py", bus.url, "first_bid")
    assert said.startswith("winner: summarizer-a ")


async def test_a_producer_tries_again_and_a_workflow_is_called_off():
    async with running_bus() as bus:
        said = await output_of("retrying_producer.py", bus.url)
    assert said.splitlines() == [
        "answer: AGENT_OUTPUT {'tries': 3}",
        "stopped: ['orch', 'worker']",
        "ended: the trace was stopped",
        "kept: ['try 3']",
    ]


async def test_a_worker_asks_and_goes_on_with_the_verdict():
    async with running_bus() as bus:
        said = await output_of("asking_worker.py", bus.url)
    assert said.splitlines() == [
        "decided by worker because it is old indeed",
        "output: {'deleted': True, 'file': 'a.txt'}",
        "final: {'deleted': True, 'file': 'a.txt'}",
    ]

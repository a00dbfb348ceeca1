"""A process that is killed while it writes: the file stays whole, and others can undo what it began."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

from cosmo_sdk import Dendrite, MemorySynapse, SqliteEngram

WRITER = """
import asyncio, sys
from cosmo_sdk import SqliteEngram

async def main(path):
    engram = SqliteEngram(path=path)
    await engram.imprint("add", {"id": "eng_before", "content": {"n": 0}}, merge_key="counter")
    number = 0
    while True:
        number += 1
        written = [
            await engram.imprint("add", {"content": number, "tags": ["new"]}, trace_id="trc_1"),
            await engram.imprint("merge", {"content": {"n": number}}, merge_key="counter", trace_id="trc_1"),
        ]
        assert all(receipt.ok for receipt in written)
        print(number, flush=True)

asyncio.run(main(sys.argv[1]))
"""


async def killed_writer(path: Path, rounds: int) -> int:
    """Let a process write for some rounds and kill it in the middle of one. Returns the last round it told of."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(rounds):
            await writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        rest = await writer.stdout.read()
        assert await writer.wait() == -signal.SIGKILL
    return rounds + len(rest.split())


def problems(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


async def test_what_a_killed_process_acknowledged_is_there_and_can_be_undone(tmp_path: Path):
    path = tmp_path / "engram.db"
    told = await killed_writer(path, 40)
    engram = SqliteEngram(path=path)
    new = await engram.recall({"tag": "new", "top_k": 10_000})
    # At most the round that the kill cut short was done and not told of.
    assert told <= len(new) <= told + 1
    [counter] = await engram.recall({"merge_key": "counter"})
    assert told <= counter.entry["content"]["n"] <= told + 1
    undone = await engram.compensate("trc_1")
    assert 2 * told <= undone <= 2 * told + 2
    [counter] = await engram.recall({})
    assert (counter.id, counter.entry["content"]) == ("eng_before", {"n": 0})
    await engram.close()
    assert problems(path) == "ok"


async def test_a_stop_reaches_what_a_killed_host_wrote_through_another_host_of_its_file(tmp_path: Path):
    path = tmp_path / "engram.db"
    told = await killed_writer(path, 5)
    synapse = MemorySynapse(strict=True)
    survivor = Dendrite(synapse=synapse, dendrite_id="survivor", role="worker", heartbeat_s=0)
    survivor.attach_engram(SqliteEngram(path=path, engram_id="mem"))
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    async with survivor, asker:
        [ack] = await asker.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=2)
        assert (ack.neuron, ack.payload["rolled_back"]) == ("survivor", True)
        assert ack.payload["compensated"] >= 2 * told
        left = await asker.recall(engram_id="mem", query={})
        assert [hit.id for hit in left] == ["eng_before"]
    await synapse.close()

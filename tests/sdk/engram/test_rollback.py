"""What becomes of writes when their trace ends: kept, undone, or admitted to be beyond undoing."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk.engram import Engram, ImprintReceipt, InMemoryEngram, SqliteEngram
from cosmo_sdk.factories import error_signal, final_signal
from cosmo_sdk.signal_types import SignalType
from tests.sdk.engram.wire import Broken, Gated, join, known, write


@pytest.fixture(params=["memory", "sqlite"])
def journaling(request, tmp_path):
    if request.param == "memory":
        return InMemoryEngram(engram_id="mem")
    return SqliteEngram(engram_id="mem", path=tmp_path / "engram.db")


async def test_a_stop_with_rollback_really_undoes(wire, journaling):
    asker = await join(wire, journaling)
    await write(asker, "trc_1")
    await write(asker, "trc_1")
    await write(asker, "trc_2")
    assert (await asker.end_trace("trc_1", rollback=True)).compensated == 2
    assert await known(asker) == ["trc_2"]
    late = await asker.imprint(engram_id="mem", op="add", entry={}, trace_id="trc_1", await_ack=True)
    assert late.error == "the trace was stopped and rolled back"


async def test_a_stop_without_rollback_keeps_for_good(wire, journaling):
    asker = await join(wire, journaling)
    await write(asker, "trc_1")
    assert (await asker.end_trace("trc_1", rollback=False)).compensated == 0
    assert (await asker.end_trace("trc_1", rollback=True)).compensated == 0
    assert await known(asker) == ["trc_1"]


async def test_final_keeps_for_good_and_error_leaves_the_choice(wire, journaling):
    asker = await join(wire, journaling)
    await write(asker, "trc_good")
    await write(asker, "trc_bad")
    await asker.conclude(final_signal(trace_id="trc_good", parent_id="evt_1", result=1))
    await asker.conclude(error_signal(trace_id="trc_bad", code="X", message="m"))
    assert (await asker.end_trace("trc_good", rollback=True)).compensated == 0
    assert (await asker.end_trace("trc_bad", rollback=True)).compensated == 1
    assert await known(asker) == ["trc_good"]


async def test_a_rollback_waits_for_writes_asked_for_before_it(wire):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    for _ in range(2):
        await asker.imprint(engram_id="mem", op="add", entry={"content": 1}, trace_id="trc_1")
    await engram.entered.wait()
    undoing = asyncio.create_task(asker.end_trace("trc_1", rollback=True))
    await asyncio.sleep(0)
    engram.gate.set()
    # The write under way is undone; the one still waiting for its turn is refused.
    assert (await undoing).compensated == 1
    assert [signal.payload.get("error") for signal in wire.of(SignalType.IMPRINTED)] == [
        None,
        "the trace was stopped and rolled back",
    ]
    assert await known(asker) == []


async def test_a_memory_that_cannot_undo_says_so_and_hurts_nobody(wire):
    asker = await join(wire, InMemoryEngram(engram_id="mem"), Broken(RuntimeError("x")))
    await write(asker, "trc_1")
    rollback = await asker.end_trace("trc_1", rollback=True)
    assert rollback == (1, ("broken: could not undo: RuntimeError: x",))


class Forgetful(Engram):
    """Writes, and keeps no journal."""

    engram_id = "forgetful"

    async def recall(self, query, **_):
        return []

    async def imprint(self, op, entry, **_):
        return ImprintReceipt(self.engram_id, op, error="no" if op == "delete" else None)


async def test_a_memory_without_a_journal_admits_what_it_cannot_undo(wire):
    asker = await join(wire, Forgetful())

    async def write(trace_id, op="add"):
        await asker.imprint(engram_id="forgetful", op=op, entry={}, trace_id=trace_id, await_ack=True)

    await write("trc_1")
    await write("trc_1")
    await write("trc_2", op="delete")
    await write("trc_3")
    await asker.end_trace("trc_3", rollback=False)
    assert await asker.end_trace("trc_1", rollback=True) == (
        0,
        ("forgetful: keeps no journal, 2 of this trace's writes stay",),
    )
    assert await asker.end_trace("trc_2", rollback=True) == (0, ())
    assert await asker.end_trace("trc_3", rollback=True) == (0, ())


async def test_a_rollback_of_a_journal_given_up_says_what_it_did(wire):
    asker = await join(wire, InMemoryEngram(engram_id="mem", journal_lines=2))
    for _ in range(4):
        await write(asker, "trc_1")
    rollback = await asker.end_trace("trc_1", rollback=True)
    assert rollback.compensated == 1
    assert rollback.errors == ("mem: its journal was given up, so the trace's older writes stay",)


async def test_writes_that_stand_alone_take_no_room_from_those_of_workflows(wire):
    engram = InMemoryEngram(engram_id="mem", journal_limit=1)
    asker = await join(wire, engram)
    await write(asker, "trc_1")
    for number in range(5):
        await asker.imprint(engram_id="mem", op="add", entry={"content": number}, await_ack=True)
    assert (await asker.end_trace("trc_1", rollback=True)).compensated == 1
    assert engram.journals_dropped == 0
    assert len(engram) == 5

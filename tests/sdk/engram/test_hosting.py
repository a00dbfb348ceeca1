"""Memories served and asked across a bus: `Memory` and `EngramClient` together."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.engram import (
    Engram,
    EngramBinding,
    EngramCancelled,
    EngramError,
    EngramNotBound,
    EngramOverloaded,
    EngramTimeout,
    Hit,
    ImprintReceipt,
    InMemoryEngram,
    SqliteEngram,
)
from cosmo_sdk.engram.host import EngramHost
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.factories import error_signal, final_signal, recall_signal
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import MemorySynapse

REQUESTS = {SignalType.RECALL, SignalType.IMPRINT}
ANSWERS = {SignalType.RECALLED, SignalType.IMPRINTED}


class Wire:
    """A namespace on a synapse, as a Dendrite's link has it, with a note of everything that was published."""

    def __init__(self):
        self.synapse = MemorySynapse(strict=True)
        self.signals = []
        self.memories = []
        self.sent = asyncio.Condition()

    async def publish(self, signal):
        await self.synapse.publish(f"cosmonapse.test.{signal.type}", signal)
        self.signals.append(signal)
        async with self.sent:
            self.sent.notify_all()

    async def connect(self, memory):
        self.memories.append(memory)
        for types, reaction in ((REQUESTS, memory.serve), (ANSWERS, memory.deliver)):
            for each in types:
                await self.synapse.subscribe(f"cosmonapse.test.{each}", reaction)

    def of(self, type):
        return [signal for signal in self.signals if signal.type is type]

    async def until(self, type, count=1):
        async with self.sent:
            await self.sent.wait_for(lambda: len(self.of(type)) >= count)
        return self.of(type)


@pytest.fixture
async def wire():
    wire = Wire()
    yield wire
    for memory in wire.memories:
        await memory.stop()
    await wire.synapse.close()


async def join(wire, *engrams, **options):
    memory = Memory(wire, "d1", **options)
    for engram in engrams:
        memory.attach_engram(engram)
    await memory.start()
    await wire.connect(memory)
    return memory


class Broken(Engram):
    """Fails at everything, with what it is given."""

    engram_id = "broken"
    engram_kind = "keyvalue"

    def __init__(self, error):
        self.error = error

    async def connect(self):
        raise self.error

    async def close(self):
        raise self.error

    async def recall(self, query, **_):
        raise self.error

    async def imprint(self, op, entry, **_):
        raise self.error

    async def compensate(self, trace_id):
        raise self.error


class Gated(InMemoryEngram):
    """Writes only while its gate is open."""

    def __init__(self, **options):
        super().__init__(**options)
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def imprint(self, op, entry, **options):
        self.entered.set()
        await self.gate.wait()
        return await super().imprint(op, entry, **options)


async def test_written_here_and_remembered_there(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    receipt = await asker.imprint(engram_id="mem", op="add", entry={"content": "tea"}, await_ack=True)
    assert receipt.ok
    assert receipt.took_ms is not None
    result = await asker.recall(engram_id="mem", query={"text": "TEA"})
    assert [hit.entry["content"] for hit in result] == ["tea"]
    assert (len(result), result.engram_ids, result.truncated) == (1, ("mem",), False)
    assert not await asker.recall(engram_id="mem", query={"text": "coffee"})


async def test_the_signals_of_a_conversation(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    await asker.imprint(engram_id="mem", op="add", entry={"content": 1}, await_ack=True, meta={"k": 1})
    await asker.recall(engram_kind="keyvalue", query={}, trace_id="trc_1", parent_id="evt_1")
    imprint, imprinted, recall, recalled = wire.signals
    assert imprint.parent_id is None
    assert imprint.meta == {"cosmo.issuer": "d1", "cosmo.standalone": True, "k": 1}
    assert recall.payload == {"query": {}, "deadline_ms": 5000, "recall_mode": "first"}
    assert (recall.trace_id, recall.parent_id, recall.directed) == (
        "trc_1",
        "evt_1",
        Directed(type="keyvalue"),
    )
    for request, answer in ((imprint, imprinted), (recall, recalled)):
        assert (answer.parent_id, answer.trace_id) == (request.id, request.trace_id)
        assert answer.directed == Directed(id="mem", type="keyvalue")
        assert answer.payload["engram_id"] == "mem"


async def test_without_an_ack_nothing_is_waited_for(wire):
    asker = await join(wire)
    assert await asker.imprint(engram_id="nobody", op="add", entry={}) is None
    assert len(wire.of(SignalType.IMPRINT)) == 1
    assert asker.client.waiting == 0


async def test_an_id_goes_before_a_kind_and_strangers_stay_silent(wire):
    await join(wire, InMemoryEngram(engram_id="a"), InMemoryEngram(engram_id="b"))
    asker = await join(wire)
    result = await asker.recall(engram_id="b", engram_kind="keyvalue", query={}, recall_mode="all")
    assert result.engram_ids == ("b",)
    with pytest.raises(EngramTimeout, match="RECALL to c: no answer within 20 ms"):
        await asker.recall(engram_id="c", query={}, deadline_ms=20)
    with pytest.raises(EngramTimeout, match="any vector"):
        await asker.recall(engram_kind="vector", query={}, deadline_ms=20)


async def test_the_three_modes_differ(wire):
    engrams = [InMemoryEngram(engram_id=name) for name in "ab"]
    for engram, own in zip(engrams, ("tea time", "tea"), strict=True):
        await engram.imprint("add", {"id": "eng_shared", "content": own})
        await engram.imprint("add", {"id": f"eng_{engram.engram_id}", "content": "tea or coffee"})
    await join(wire, engrams[0])
    await join(wire, engrams[1])
    asker = await join(wire)

    async def ask(mode):
        query = {"text": "tea"}
        result = await asker.recall(engram_kind="keyvalue", query=query, recall_mode=mode, deadline_ms=50)
        return [hit.id for hit in result], result.engram_ids

    assert await ask("first") == (["eng_shared", "eng_a"], ("a",))
    assert await ask("merge") == (["eng_shared", "eng_a", "eng_b"], ("a", "b"))
    assert await ask("all") == (["eng_shared", "eng_a", "eng_shared", "eng_b"], ("a", "b"))
    best = await asker.recall(
        engram_kind="keyvalue", query={"text": "tea"}, recall_mode="merge", deadline_ms=50
    )
    assert best.hits[0] == Hit("eng_shared", best.hits[0].entry, 1.0)
    assert best.hits[0].entry["content"] == "tea"


async def test_more_than_asked_for_is_truncated(wire):
    engram = InMemoryEngram(engram_id="mem")
    for number in range(3):
        await engram.imprint("add", {"content": number})
    asker = await join(wire, engram)
    assert (await asker.recall(engram_id="mem", query={"top_k": 2})).truncated


@pytest.mark.parametrize(
    ("error", "raised", "text"),
    [
        (RuntimeError("disk full"), EngramError, "engram_exception: RuntimeError: disk full"),
        (EngramError("no such index"), EngramError, "broken: no such index"),
        (EngramOverloaded("come back later"), EngramOverloaded, "come back later"),
    ],
)
async def test_a_fault_of_the_memory_is_answered(wire, error, raised, text):
    asker = await join(wire, Broken(error))
    with pytest.raises(raised, match=text):
        await asker.recall(engram_id="broken", query={})
    receipt = await asker.imprint(engram_id="broken", op="add", entry={}, await_ack=True)
    assert not receipt.ok
    assert str(error) in receipt.error


async def test_one_broken_memory_does_not_spoil_the_others_answer(wire):
    await join(wire, InMemoryEngram(engram_id="mem"), Broken(RuntimeError("x")))
    asker = await join(wire)
    result = await asker.recall(engram_kind="keyvalue", query={}, recall_mode="merge", deadline_ms=50)
    assert result.engram_ids == ("mem",)


async def test_a_memory_may_stay_silent(wire):
    class Picky(InMemoryEngram):
        def can_serve(self, query):
            return "text" in query

    asker = await join(wire, Picky(engram_id="mem"))
    await asker.recall(engram_id="mem", query={"text": "x"})
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="mem", query={"tag": "x"}, deadline_ms=20)


async def test_nonsense_from_the_bus_is_answered(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    mem = Directed(id="mem")
    await wire.publish(recall_signal(trace_id="trc_1", directed=mem, query=["no", "object"]))
    await wire.publish(Signal(type=SignalType.IMPRINT, directed=mem, payload={"op": "add"}))
    [recalled] = await wire.until(SignalType.RECALLED)
    [imprinted] = await wire.until(SignalType.IMPRINTED)
    assert recalled.payload["error"] == "query is not an object"
    assert imprinted.payload["error"] == "entry is not an object"


async def test_the_address_of_the_oldest_peers_is_read(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    await wire.publish(Signal(type=SignalType.RECALL, payload={"query": {}, "engram_id": "mem"}))
    await wire.publish(Signal(type=SignalType.RECALL, payload={"query": {}, "engram_kind": "keyvalue"}))
    assert len(await wire.until(SignalType.RECALLED, 2)) == 2


async def test_another_spelling_of_a_hit_is_read_and_nonsense_is_refused(wire):
    asker = await join(wire)

    async def answered(hits):
        waiting = asyncio.create_task(asker.recall(engram_id="peer", query={}))
        request = (await wire.until(SignalType.RECALL, len(wire.of(SignalType.RECALL)) + 1))[-1]
        await wire.publish(request.reply(SignalType.RECALLED, {"engram_id": "peer", "hits": hits}))
        return await waiting

    assert (await answered([{"id": "eng_1", "value": {"content": 1}}])).hits == [Hit("eng_1", {"content": 1})]
    with pytest.raises(EngramError, match="RECALLED is not usable"):
        await answered([{"entry": {}}])


async def test_a_call_that_cannot_be_meant_sends_nothing(wire):
    asker = await join(wire)
    with pytest.raises(EngramNotBound):
        await asker.recall(query={})
    with pytest.raises(ValueError, match="engram_id= or engram_kind="):
        await asker.imprint(op="add", entry={})
    with pytest.raises(ValueError, match="recall_mode='some'"):
        await asker.recall(engram_id="m", query={}, recall_mode="some")
    with pytest.raises(ValueError, match="merge_key: needed by op upsert"):
        await asker.imprint(engram_id="m", op="upsert", entry={})
    with pytest.raises(ValueError, match="op='forget' is not one of add, append"):
        await asker.imprint(engram_id="m", op="forget", entry={})
    assert wire.signals == []


async def test_a_binding_names_a_memory_and_how_to_ask_it(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    binding = EngramBinding(
        "facts", directed_type="keyvalue", default_deadline_ms=40, default_recall_mode="all"
    )
    assert (await asker.client.recall(binding=binding, query={})).engram_ids == ("mem",)
    assert wire.of(SignalType.RECALL)[0].payload["deadline_ms"] == 40
    with pytest.raises(ValueError, match="'facts' needs"):
        EngramBinding("facts")


async def test_inside_a_task_memory_belongs_to_its_trace(wire):
    asker = await join(wire, current_task=lambda: ("trc_task", "evt_task"))
    await asker.imprint(engram_id="m", op="add", entry={})
    await asker.imprint(engram_id="m", op="add", entry={}, trace_id="trc_own")
    await asker.imprint(engram_id="m", op="add", entry={}, parent_id="evt_own")
    assert [(signal.trace_id, signal.parent_id) for signal in wire.signals] == [
        ("trc_task", "evt_task"),
        ("trc_own", None),
        ("trc_task", "evt_own"),
    ]


async def test_writes_are_done_in_order_and_a_recall_sees_those_before_it(wire):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    for number in range(3):
        await asker.imprint(engram_id="mem", op="upsert", entry={"content": number}, merge_key="k")
    asking = asyncio.create_task(asker.recall(engram_id="mem", query={}))
    await engram.entered.wait()
    assert wire.of(SignalType.RECALLED) == []
    engram.gate.set()
    [hit] = await asking
    assert (hit.entry["content"], hit.entry["version"]) == (2, 3)


async def test_a_memory_sheds_load(wire):
    engram = Gated(engram_id="mem")
    host = EngramHost(engram, wire, max_under_way=1)
    first, second = (
        Signal(type=SignalType.IMPRINT, payload={"op": "add", "entry": {"content": number}})
        for number in (1, 2)
    )
    host.serve(first)
    host.serve(second)
    [shed] = await wire.until(SignalType.IMPRINTED)
    assert (shed.parent_id, shed.payload["error"]) == (
        second.id,
        "engram_overloaded: 1 requests are under way",
    )
    engram.gate.set()
    await host.finish()
    assert wire.of(SignalType.IMPRINTED)[1].payload.get("error") is None


@pytest.fixture(params=["memory", "sqlite"])
def journaling(request, tmp_path):
    if request.param == "memory":
        return InMemoryEngram(engram_id="mem")
    return SqliteEngram(engram_id="mem", path=tmp_path / "engram.db")


async def write(asker, trace_id):
    receipt = await asker.imprint(
        engram_id="mem", op="append", entry={"content": trace_id}, trace_id=trace_id, await_ack=True
    )
    assert receipt.ok


async def known(asker):
    return sorted(hit.entry["content"] for hit in await asker.recall(engram_id="mem", query={}))


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


@pytest.mark.parametrize("end", ["stop", "final", "shutdown"])
async def test_whoever_waits_learns_that_the_trace_ended(wire, end):
    asker = await join(wire)
    waiting = asyncio.create_task(asker.recall(engram_id="m", query={}, trace_id="trc_1"))
    other = asyncio.create_task(asker.recall(engram_id="m", query={}, trace_id="trc_2", deadline_ms=60))
    await wire.until(SignalType.RECALL, 2)
    if end == "stop":
        await asker.end_trace("trc_1", rollback=False)
    elif end == "final":
        await asker.conclude(final_signal(trace_id="trc_1", parent_id="evt_1", result=1))
    else:
        await asker.stop()
    with pytest.raises(EngramCancelled):
        await waiting
    with pytest.raises(EngramCancelled if end == "shutdown" else EngramTimeout):
        await other
    assert asker.client.waiting == 0


async def test_a_late_answer_is_no_concern(wire):
    asker = await join(wire)
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="m", query={}, deadline_ms=10)
    [request] = wire.signals
    asker.deliver(request.reply(SignalType.RECALLED, {"engram_id": "m", "hits": []}))


async def test_data_outlives_the_dendrite(wire):
    engram = InMemoryEngram(engram_id="mem")
    asker = await join(wire, engram)
    await write(asker, "trc_1")
    await asker.stop()
    assert asker.registrations() == []
    await asker.start()
    assert await known(asker) == ["trc_1"]


async def test_attaching_and_detaching(wire):
    engram = InMemoryEngram(engram_id="mem")
    memory = await join(wire, engram)
    with pytest.raises(ValueError, match="'mem' is already attached"):
        memory.attach_engram(InMemoryEngram(engram_id="mem"))
    with pytest.raises(ValueError, match="has no engram_id"):
        memory.attach_engram(InMemoryEngram(engram_id=""))
    assert memory.engrams == {"mem": engram}
    await memory.detach_engram("mem")
    [deregister] = wire.signals
    assert (deregister.type, deregister.neuron) == (SignalType.DEREGISTER, "mem")
    assert memory.engrams == {}
    with pytest.raises(KeyError, match="engram 'mem' is not attached"):
        await memory.detach_engram("mem")


async def test_attached_while_running_it_serves_from_the_next_start_on(wire):
    memory = await join(wire)
    memory.attach_engram(InMemoryEngram(engram_id="late"))
    assert memory.registrations() == []
    with pytest.raises(EngramTimeout):
        await memory.recall(engram_id="late", query={}, deadline_ms=10)
    await memory.stop()
    await memory.start()
    assert not await memory.recall(engram_id="late", query={})


async def test_a_memory_registers_as_one(wire):
    memory = await join(wire, InMemoryEngram(engram_id="mem", version="2"))
    [register] = memory.registrations()
    assert register.directed == Directed(
        id="mem", type="keyvalue", capabilities=["substring", "tags", "merge_key"]
    )
    assert register.payload == {
        "role": "engram",
        "capabilities": ["substring", "tags", "merge_key"],
        "version": "2",
        "engram": True,
    }


async def test_when_the_bus_is_gone_an_answer_is_lost_and_nothing_else(wire, caplog):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    await asker.imprint(engram_id="mem", op="add", entry={"content": "kept"})
    await engram.entered.wait()
    await wire.synapse.close()
    engram.gate.set()
    await asker.stop()
    assert "could not answer" in caplog.text
    assert len(engram) == 1


async def test_whether_to_serve_may_be_asked_of_a_coroutine(wire):
    class Picky(InMemoryEngram):
        async def can_serve(self, query):
            return "text" in query

    asker = await join(wire, Picky(engram_id="mem"))
    await asker.recall(engram_id="mem", query={"text": "x"})
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="mem", query={"tag": "x"}, deadline_ms=20)


async def test_an_answer_no_bus_can_carry_is_answered_with_that(wire):
    class Odd(InMemoryEngram):
        async def recall(self, query, **_):
            return [Hit("eng_1", {"content": object()})]

    asker = await join(wire, Odd(engram_id="mem"))
    with pytest.raises(EngramError, match="the answer could not be sent"):
        await asker.recall(engram_id="mem", query={})


async def test_who_asks_for_a_write_again_gets_the_same_answer_and_nothing_is_written(wire):
    engram = Gated(engram_id="mem")
    engram.gate.set()
    asker = await join(wire, engram)
    request = Signal(
        type=SignalType.IMPRINT,
        directed=Directed(id="mem"),
        payload={"op": "append", "entry": {"content": 1}},
    )
    asker.serve(request)
    [first] = await wire.until(SignalType.IMPRINTED)
    asker.serve_again(request)
    _, second = await wire.until(SignalType.IMPRINTED, 2)
    assert second == first
    assert len(engram) == 1


async def test_while_a_write_is_under_way_asking_again_changes_nothing(wire):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    request = Signal(
        type=SignalType.IMPRINT,
        directed=Directed(id="mem"),
        payload={"op": "append", "entry": {"content": 1}},
    )
    asker.serve(request)
    await engram.entered.wait()
    asker.serve_again(request)
    engram.gate.set()
    await asker.stop()
    assert len(wire.of(SignalType.IMPRINTED)) == 1
    assert len(engram) == 1


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

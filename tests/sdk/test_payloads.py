"""The payload table, its judge, and what is generated from it."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from cosmo_sdk import factories
from cosmo_sdk._tools import generate
from cosmo_sdk.dendrite._emitters import Emitters
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.payloads import PAYLOADS, Payload, Register, Stop, Task, ToolResult, check_payload
from cosmo_sdk.signal_types import SignalType

SAMPLES = {
    "input": {"q": 1},
    "output": {"a": 1},
    "result": [1],
    "code": "X",
    "message": "broke",
    "cost": 0.5,
    "delta": "hm",
    "kind": "GUARDED",
    "domain": "security",
    "outcome": "refused",
    "steps": ["one", {"two": 2}],
    "tool": "search",
    "args": {},
    "key": "k",
    "value": None,
    "target_event_id": "evt_1",
    "issues": [{"note": "n"}],
    "verdict": "pass",
    "reason": "because",
    "members": ["a"],
    "snapshot": {},
    "question": "?",
    "action": "rm",
    "answer": None,
    "granted": False,
    "query": {},
    "engram_id": "mem",
    "hits": [],
    "op": "add",
    "entry": {},
}


def required_fields(struct):
    return [field.name for field in msgspec.structs.fields(struct) if field.required]


def build(type):
    factory = getattr(factories, f"{type.lower()}_signal")
    struct = PAYLOADS[type]
    arguments = {name: SAMPLES[name] for name in required_fields(struct)}
    if struct.position in ("request", "reply"):
        arguments["trace_id"] = "trc_1"
    if struct.position == "reply":
        arguments["parent_id"] = "evt_1"
    if struct.position == "presence":
        arguments["directed"] = Directed(id="n1")
    return factory(**arguments)


def test_every_type_has_its_struct():
    assert set(PAYLOADS) == set(SignalType)
    assert all(struct.type is kind for kind, struct in PAYLOADS.items())


@pytest.mark.parametrize("type", list(SignalType))
def test_what_a_factory_builds_is_valid_and_survives_the_wire(type):
    signal = build(type)
    assert signal.type is type
    assert check_payload(type, signal.payload) == []
    assert Signal.decode(signal.encode()) == signal


@pytest.mark.parametrize("type", list(SignalType))
def test_each_missing_required_field_is_named(type):
    struct = PAYLOADS[type]
    needed = {*required_fields(struct), *struct.required}
    if type is SignalType.REGISTER:
        needed -= {"role"}  # deduced for peers that predate it
    assert {fault.removesuffix(": missing") for fault in check_payload(type, {})} == needed


def test_every_fault_is_named_not_only_the_first():
    assert check_payload("BID", {"cost": "cheap", "eta_ms": 1.5}) == [
        "cost: expected float, got str",
        "eta_ms: expected int | null, got float",
    ]


@pytest.mark.parametrize(
    ("type", "payload"),
    [
        ("ERROR", {"kind": "X", "message": "m", "retriable": True}),
        ("BID", {"cost_estimate_usd": 1}),
        ("AUDIT", {"kind": "GUARDED", "audit": "eval", "outcome": "refused", "attempt": 1}),
        ("MEMORY_APPEND", {"key": "k", "entry": {}}),
        ("CONSENSUS", {"members": [], "outcome": "yes"}),
        ("CONTEXT_SYNC", {"ref": {}}),
        ("REGISTER", {"capabilities": [], "engram": True}),
        ("TASK", {"input": {}, "budget_usd": 3, "deadline": "soon"}),
        ("TASK", {"input": {}, "context_ref": None}),
        ("PERMISSION", {"action": "rm", "scope": "all of it"}),
        ("SOMETHING_NEW", {"anything": 1}),
    ],
)
def test_older_dialects_extra_keys_and_unknown_types_are_no_fault(type, payload):
    before = dict(payload)
    assert check_payload(type, payload) == []
    assert payload == before


@pytest.mark.parametrize(
    ("type", "payload", "fault"),
    [
        ("TOOL_RESULT", {"tool": "t", "result": 1, "error": "e"}, "error: there is a result as well"),
        ("IMPRINT", {"op": "merge", "entry": {}}, "merge_key: needed by op merge"),
        ("IMPRINT", {"op": "forget", "entry": {}}, "op: invalid enum value 'forget'"),
        ("RECALL", {"query": {}, "recall_mode": "some"}, "recall_mode: invalid enum value 'some'"),
        ("REGISTER", {"role": "ghost", "capabilities": []}, "role: invalid enum value 'ghost'"),
        ("STOP", {"rollback": 1}, "rollback: expected bool, got int"),
        ("HEARTBEAT", {"status": None}, "status: expected str, got null"),
    ],
)
def test_faults_say_what_is_wrong(type, payload, fault):
    assert check_payload(type, payload) == [fault]


def test_a_fault_never_quotes_at_length():
    faults = check_payload("IMPRINT", {"op": "x" * 10_000, "entry": {}})
    assert len(faults) == 1
    assert len(faults[0]) < 200


def test_absent_options_are_left_out_and_promised_fields_are_written():
    assert Task(input={}, capabilities=[], finalize=False).to_wire() == {"input": {}}
    assert Task(input={}, finalize=True).to_wire() == {"input": {}, "finalize": True}
    assert Stop().to_wire() == {"rollback": False}
    assert build(SignalType.BID).payload == {"cost": 0.5}
    assert factories.bid_signal(
        trace_id="trc_1", parent_id="evt_1", cost=0, eta_ms=0, confidence=0.0
    ).payload == {
        "cost": 0,
        "eta_ms": 0,
        "confidence": 0.0,
    }


def test_a_false_result_is_a_result():
    assert ToolResult(tool="t", result=False).to_wire() == {"tool": "t", "result": False}
    assert ToolResult(tool="t").to_wire() == {"tool": "t"}


def test_a_memory_registers_as_one():
    assert Register(engram=True).to_wire() == {"role": "engram", "capabilities": [], "engram": True}


def test_generated_files_are_what_the_table_says():
    assert generate.main(["--check"]) == 0


def test_a_changed_file_is_noticed(tmp_path, monkeypatch, capsys):
    path = tmp_path / "factories.py"
    path.write_text("edited by hand")
    monkeypatch.setattr(generate, "OUTPUTS", {path: generate.factories})
    assert generate.main(["--check"]) == 1
    assert "factories.py" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_signatures_spell_out_the_table():
    signature = inspect.signature(Emitters.emit_plan)
    assert list(signature.parameters) == [
        "self",
        "trace_id",
        "parent_id",
        "steps",
        "rationale",
        "neuron",
        "meta",
    ]
    assert "How" not in (factories.bid_signal.__doc__ or "")
    assert "eta_ms: Promised time to an answer, milliseconds." in (factories.bid_signal.__doc__ or "")


class Recorder:
    def __init__(self):
        self.signals = []

    async def emit(self, signal):
        self.signals.append(signal)


async def test_an_emitter_publishes_through_the_guard_and_returns_what_it_published():
    link = Recorder()
    emitters = Emitters(link, "me")
    final = await emitters.emit_final(trace_id="trc_1", parent_id="evt_1", result=42, meta={"k": 1})
    assert link.signals == [final]
    assert (final.type, final.neuron, final.payload, final.parent_id) == (
        SignalType.FINAL,
        "me",
        {"result": 42},
        "evt_1",
    )
    assert final.meta == {"k": 1}
    error = await emitters.emit_error(
        trace_id="trc_1", parent_id="evt_1", code="X", message="m", neuron="somebody"
    )
    assert error.neuron == "somebody"
    assert error.payload == {"code": "X", "message": "m", "recoverable": False}


@pytest.mark.parametrize("type", generate.EMITTED)
async def test_every_emitter_says_what_its_factory_says(type):
    link = Recorder()
    emit = getattr(Emitters(link, "me"), f"emit_{type.lower()}")
    arguments = {name: SAMPLES[name] for name in required_fields(PAYLOADS[type])}
    signal = await emit(trace_id="trc_1", parent_id="evt_1", **arguments)
    assert signal.payload == build(type).payload


def test_rows_are_payloads():
    assert all(issubclass(struct, Payload) and struct.__doc__ for struct in PAYLOADS.values())

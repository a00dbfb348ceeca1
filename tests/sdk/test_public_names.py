"""The names and signatures that programs of the protocol's users rely on."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import cosmo_sdk
from cosmo_sdk import SYNAPSE_TYPES, Dendrite, Pathway, SignalType

NAMES = """
Axon Cortex Dendrite DendriteProtocolError Engram EngramClient ImprintReceipt LifecycleHooks NeuronRecord Pathway
RecallResult RegistryStore RetryStrategy SYNAPSE_TYPES Signal SignalType SqliteRegistryStore Subscription Synapse
connect_synapse default_retry_on new_trace_id
"""

REQUIRED: Any = inspect.Parameter.empty

SIGNATURES: dict[str, dict[str, Any]] = {
    "__init__": {
        "synapse": REQUIRED,
        "registry_store": None,
        "namespace": "default",
        "dendrite_id": "dendrite",
        "heartbeat_s": 30.0,
        "reregister_on_heartbeat": True,
        "role": "orchestrator",
        "auto_bid": True,
        "stale_after_s": None,
    },
    "stop": {"reason": None},
    "attach_axon": {"axon": REQUIRED},
    "detach_axon": {"neuron_id": REQUIRED, "reason": None},
    "add_axon": {"axon": REQUIRED},
    "dispatch_task": {
        "neuron": None,
        "input": REQUIRED,
        "trace_id": None,
        "parent_id": None,
        "context_ref": None,
        "capabilities": None,
        "meta": None,
    },
    "dispatch": {"neuron": None, "input": REQUIRED, "capabilities": None, "scope": "all", "finalize": None},
    "dispatch_and_wait": {"input": REQUIRED, "timeout_s": 30.0, "scope": "all", "retry": None},
    "dispatch_and_subscribe": {"input": REQUIRED, "scope": "all"},
    "dispatch_offer": {
        "input": REQUIRED,
        "capabilities": None,
        "deadline_ms": 250,
        "select": "first_bid",
        "scope": "all",
    },
    "run_with_retry": {"retry": REQUIRED, "input": REQUIRED, "timeout_s": 30.0, "scope": "all"},
    "observe_pathway": {"trace_id": REQUIRED},
    "bid": {"offer": REQUIRED, "neuron": REQUIRED, "cost": REQUIRED, "eta_ms": None, "confidence": None},
    "await_decision": {"request": REQUIRED, "timeout_s": 30.0},
    "answer_clarification": {"request": REQUIRED, "answer": REQUIRED, "meta": None},
    "stop_trace": {
        "trace_id": REQUIRED,
        "rollback": False,
        "reason": None,
        "collect_acks": False,
        "timeout_s": 1.0,
    },
    "emit_stop": {"trace_id": REQUIRED, "rollback": False, "reason": None},
    "recall": {"engram_id": None, "engram_kind": None, "query": REQUIRED},
    "imprint": {"engram_id": None, "engram_kind": None, "op": REQUIRED, "entry": REQUIRED},
    "emit": {"signal": REQUIRED},
    "publish": {"signal": REQUIRED},
    "subscribe": {"signal_type": REQUIRED, "handler": REQUIRED, "queue_group": None},
    "find_neurons": {"capability": None},
    "registry_snapshot": {"capability": None, "include_deregistered": False},
    "emit_final": {"trace_id": REQUIRED, "parent_id": REQUIRED, "result": REQUIRED, "meta": None},
    "emit_error": {"code": REQUIRED, "message": REQUIRED, "recoverable": False},
    "emit_plan": {"steps": REQUIRED, "rationale": None},
    "emit_thought_delta": {"delta": REQUIRED, "seq": None},
    "emit_tool_call": {"tool": REQUIRED, "args": REQUIRED, "call_id": None},
    "emit_tool_result": {"tool": REQUIRED, "result": None, "error": None},
    "emit_memory_append": {"key": REQUIRED, "value": REQUIRED},
    "emit_critique": {"target_event_id": REQUIRED, "issues": REQUIRED, "verdict": REQUIRED},
    "emit_escalation": {"reason": REQUIRED, "target": None},
    "emit_consensus": {"members": REQUIRED, "verdict": REQUIRED, "votes": None},
    "emit_context_sync": {"snapshot": REQUIRED, "version": None},
}


@pytest.mark.parametrize("name", NAMES.split())
def test_the_name_is_at_the_root(name: str):
    assert name in cosmo_sdk.__all__


def test_all_is_sorted_and_true():
    assert sorted(cosmo_sdk.__all__, key=_constants_first) == cosmo_sdk.__all__
    for name in cosmo_sdk.__all__:
        assert hasattr(cosmo_sdk, name)


def _constants_first(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_method_takes_what_its_users_pass(name: str):
    parameters = inspect.signature(getattr(Dendrite, name)).parameters
    wanted = SIGNATURES[name]
    assert {each: parameters[each].default for each in wanted} == wanted


def test_methods_show_their_own_documentation():
    for name in SIGNATURES:
        assert inspect.getdoc(getattr(Dendrite, name)), name
    assert inspect.iscoroutinefunction(Dendrite.dispatch)
    assert list(inspect.signature(Pathway.wait).parameters) == ["self", "timeout_s"]


def test_every_type_has_its_decorator():
    decorated = {
        member.signal_type
        for member in map(Dendrite.__dict__.get, dir(Dendrite))
        if hasattr(member, "signal_type")
    }
    assert decorated == set(SignalType)
    assert len(SignalType) == 32
    assert len(SYNAPSE_TYPES) == 26

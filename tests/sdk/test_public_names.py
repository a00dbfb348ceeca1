"""The names and signatures that programs of the protocol's users rely on."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from typing import Any

import pytest

import cosmo_sdk
from cosmo_sdk import (
    SYNAPSE_TYPES,
    Axon,
    Dendrite,
    DevSynapse,
    InMemoryEngram,
    MemorySynapse,
    NatsSynapse,
    Pathway,
    SignalType,
)
from cosmo_sdk.testing import settle

NAMES = """
Axon Cortex Dendrite DendriteProtocolError Engram EngramClient ImprintReceipt LifecycleHooks NeuronRecord Pathway
RecallResult RegistryStore RetryStrategy SYNAPSE_TYPES Signal SignalType SqliteRegistryStore Subscription Synapse
connect_synapse default_retry_on new_trace_id
"""

DECORATORS = """
on_task_signal on_agent_output on_final on_error_signal on_task_offer on_bid on_task_awarded on_task_declined on_plan
on_thought_delta on_tool_call on_tool_result on_memory_append on_critique on_escalation on_consensus on_context_sync
on_clarification on_permission on_clarification_answer on_permission_decision on_recall_signal on_imprint_signal
on_recalled on_imprinted on_register_signal on_deregister_signal on_heartbeat_signal on_discover on_stop on_stopped
on_error on_register on_deregister on_heartbeat
"""

REQUIRED: Any = inspect.Parameter.empty

FOLLOWED: dict[str, Any] = {
    "neuron": None,
    "input": REQUIRED,
    "capabilities": None,
    "finalize": None,
    "trace_id": None,
    "parent_id": None,
    "context_ref": None,
    "meta": None,
}

EVENT: dict[str, Any] = {"trace_id": REQUIRED, "parent_id": REQUIRED, "meta": None}

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
    "start": {},
    "stop": {"reason": None},
    "attach_engram": {"engram": REQUIRED},
    "detach_engram": {"engram_id": REQUIRED},
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
        "finalize": False,
        "meta": None,
    },
    "dispatch": {"scope": "all", **FOLLOWED},
    "dispatch_and_wait": {"timeout_s": 30.0, "scope": "all", "retry": None, **FOLLOWED},
    "dispatch_and_subscribe": {"scope": "all", **FOLLOWED},
    "dispatch_offer": {
        "input": REQUIRED,
        "capabilities": None,
        "deadline_ms": 250,
        "select": "first_bid",
        "scope": "all",
        "finalize": None,
        "trace_id": None,
        "parent_id": None,
        "context_ref": None,
        "meta": None,
    },
    "run_with_retry": {"retry": REQUIRED, "timeout_s": 30.0, "scope": "all", **FOLLOWED},
    "observe_pathway": {"trace_id": REQUIRED},
    "bid": {"offer": REQUIRED, "neuron": REQUIRED, "cost": REQUIRED, "eta_ms": None, "confidence": None},
    "await_decision": {"request": REQUIRED, "timeout_s": 30.0},
    "answer_clarification": {"request": REQUIRED, "answer": REQUIRED, "meta": None},
    "grant_permission": {"request": REQUIRED, "reason": None, "ttl_ms": None, "meta": None},
    "deny_permission": {"request": REQUIRED, "reason": None, "meta": None},
    "respond_to_clarification": {"signal": REQUIRED, "answer": REQUIRED, "extra": None, "neuron": None},
    "respond_to_permission": {"signal": REQUIRED, "granted": REQUIRED, "reason": None, "ttl_ms": None},
    "respond_to_escalation": {"signal": REQUIRED, "neuron": None, "input": None, "meta": None},
    "on_signal": {"signal_type": REQUIRED, "neuron": None, "capability": None, "trace_id": None},
    "on_trace": {"trace_id": REQUIRED},
    "on_connect": {"fn": REQUIRED},
    "on_refresh": {"fn": REQUIRED},
    "on_schedule": {"every_s": REQUIRED},
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
    "emit_error": {
        "trace_id": REQUIRED,
        "meta": None,
        "code": REQUIRED,
        "message": REQUIRED,
        "recoverable": False,
    },
    "emit_plan": {**EVENT, "steps": REQUIRED, "rationale": None},
    "emit_thought_delta": {**EVENT, "delta": REQUIRED, "seq": None},
    "emit_tool_call": {**EVENT, "tool": REQUIRED, "args": REQUIRED, "call_id": None},
    "emit_tool_result": {**EVENT, "tool": REQUIRED, "result": None, "error": None},
    "emit_memory_append": {**EVENT, "key": REQUIRED, "value": REQUIRED},
    "emit_critique": {**EVENT, "target_event_id": REQUIRED, "issues": REQUIRED, "verdict": REQUIRED},
    "emit_escalation": {**EVENT, "reason": REQUIRED, "target": None},
    "emit_consensus": {**EVENT, "members": REQUIRED, "verdict": REQUIRED, "votes": None},
    "emit_context_sync": {**EVENT, "snapshot": REQUIRED, "version": None},
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


def test_help_reads_like_a_reference():
    text = pydoc.plain(pydoc.render_doc(Dendrite))
    assert " at 0x" not in text
    assert "HandlerTable" not in text
    for name in (*SIGNATURES, *DECORATORS.split()):
        assert f" {name}(self" in text, name


@pytest.mark.parametrize("name", DECORATORS.split())
def test_a_decorator_takes_the_same_filters_as_every_other(name: str):
    filters = {"fn": None, "neuron": None, "capability": None, "trace_id": None}
    on_class = inspect.signature(getattr(Dendrite, name)).parameters
    assert {each: on_class[each].default for each in filters} == filters
    on_instance = inspect.signature(getattr(Dendrite(synapse=MemorySynapse()), name)).parameters
    assert {each: on_instance[each].default for each in filters} == filters


async def test_a_method_may_be_called_on_the_class():
    synapse = MemorySynapse()
    async with Dendrite(synapse=synapse) as dendrite:
        task = await Dendrite.dispatch_task(dendrite, neuron="a", input={})
        heard: list[str] = []
        Dendrite.on_task_signal(dendrite, trace_id=task.trace_id)(lambda signal: heard.append(signal.id))
        await dendrite.ensure_subscribed(SignalType.TASK)
        again = await dendrite.dispatch_task(neuron="a", input={}, trace_id=task.trace_id)
        await settle()
    assert heard == [again.id]
    await synapse.close()


async def test_what_one_prints_while_looking_for_a_fault_tells_what_it_is():
    synapse = MemorySynapse()
    dendrite = Dendrite(synapse=synapse, dendrite_id="host", role="worker")
    axon = Axon(neuron_id="n", neuron_fn=print, capabilities=["x", "y"])
    dendrite.attach_axon(axon)
    dendrite.attach_engram(InMemoryEngram(engram_id="notes"))
    assert repr(axon) == "<Axon n, x, y>"
    assert repr(dendrite) == "<Dendrite host, worker on default, not running, hosts n, notes>"
    assert repr(synapse) == "<MemorySynapse connected>"
    assert repr(DevSynapse("cosmo://127.0.0.1:7070")) == "<DevSynapse cosmo://127.0.0.1:7070, new>"
    assert "secret" not in repr(NatsSynapse("nats://me:secret@127.0.0.1:4222"))


def test_every_type_has_its_decorator():
    decorated = {
        member.signal_type
        for member in (inspect.getattr_static(Dendrite, name) for name in dir(Dendrite))
        if hasattr(member, "signal_type")
    }
    assert decorated == set(SignalType)
    assert len(SignalType) == 32
    assert len(SYNAPSE_TYPES) == 26


def test_a_submodule_costs_no_more_than_itself() -> None:
    """Who only reads headers must not wait for Dendrites and memories to be imported."""
    script = (
        "import sys, cosmo_sdk.header; print(*sorted(m for m in sys.modules if m.startswith('cosmo_sdk')))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "cosmo_sdk.header" in loaded.split()
    assert not {"cosmo_sdk._public", "cosmo_sdk.dendrite", "cosmo_sdk.engram"} & set(loaded.split())


@pytest.mark.parametrize(
    "first", ["dendrite", "factories", "engram.client", "synapse.nats", "testing", "payloads"]
)
def test_any_room_may_be_imported_first(first: str) -> None:
    subprocess.run([sys.executable, "-c", f"import cosmo_sdk.{first}"], check=True)


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    assert "Dendrite" in dir(cosmo_sdk)
    assert cosmo_sdk.Dendrite is Dendrite
    with pytest.raises(AttributeError, match="no attribute 'Dentrite'"):
        getattr(cosmo_sdk, "Dentrite")  # noqa: B009  (a name that type checkers refuse)

"""The 32 signal types and the families the protocol sorts them into (PROTOCOL 2.1)."""

from __future__ import annotations

from enum import StrEnum


class SignalType(StrEnum):
    """What a Signal says. The value is the text on the wire and the last token of its subject."""

    TASK = "TASK"
    AGENT_OUTPUT = "AGENT_OUTPUT"
    FINAL = "FINAL"
    ERROR = "ERROR"
    TASK_OFFER = "TASK_OFFER"
    BID = "BID"
    TASK_AWARDED = "TASK_AWARDED"
    TASK_DECLINED = "TASK_DECLINED"
    THOUGHT_DELTA = "THOUGHT_DELTA"
    AUDIT = "AUDIT"
    PLAN = "PLAN"
    TOOL_CALL = "TOOL_CALL"
    TOOL_RESULT = "TOOL_RESULT"
    MEMORY_APPEND = "MEMORY_APPEND"
    CRITIQUE = "CRITIQUE"
    ESCALATION = "ESCALATION"
    CONSENSUS = "CONSENSUS"
    CONTEXT_SYNC = "CONTEXT_SYNC"
    CLARIFICATION = "CLARIFICATION"
    PERMISSION = "PERMISSION"
    CLARIFICATION_ANSWER = "CLARIFICATION_ANSWER"
    PERMISSION_DECISION = "PERMISSION_DECISION"
    RECALL = "RECALL"
    RECALLED = "RECALLED"
    IMPRINT = "IMPRINT"
    IMPRINTED = "IMPRINTED"
    REGISTER = "REGISTER"
    DEREGISTER = "DEREGISTER"
    HEARTBEAT = "HEARTBEAT"
    DISCOVER = "DISCOVER"
    STOP = "STOP"
    STOPPED = "STOPPED"


_T = SignalType

AXON_TYPES: frozenset[SignalType] = frozenset(
    {_T.AGENT_OUTPUT, _T.ERROR, _T.CLARIFICATION, _T.PERMISSION, _T.REGISTER, _T.DEREGISTER, _T.HEARTBEAT}
)
"""Types an Axon, or its host on the Axon's behalf, produces."""

SYNAPSE_TYPES: frozenset[SignalType] = (frozenset(SignalType) - AXON_TYPES) | {_T.ERROR}
"""Types `Dendrite.emit` accepts: everything a Dendrite says in its own name."""

MANAGEMENT_TYPES: frozenset[SignalType] = frozenset({_T.REGISTER, _T.DEREGISTER, _T.HEARTBEAT, _T.DISCOVER})
"""Presence and discovery: each mints a trace of its own and belongs to no workflow."""

PATHWAY_TYPES: frozenset[SignalType] = frozenset(SignalType) - MANAGEMENT_TYPES - {_T.TASK}
"""Types a Pathway receives. Never TASK: a Pathway watches what a task causes."""

TERMINAL_TYPES: frozenset[SignalType] = frozenset({_T.FINAL, _T.ERROR})
"""Types that close a Pathway."""

PAUSE_TYPES: frozenset[SignalType] = frozenset({_T.CLARIFICATION, _T.PERMISSION})
"""Types that ask a human or an orchestrator and wait."""

WAIT_TYPES: frozenset[SignalType] = TERMINAL_TYPES | PAUSE_TYPES | {_T.AGENT_OUTPUT}
"""Types a bare `Pathway.wait()` resolves on."""

TERMINAL_SCOPE_TYPES: frozenset[SignalType] = TERMINAL_TYPES | PAUSE_TYPES
"""Types delivered under `scope="terminal"` (nobody should sleep through a question)."""

ADDRESSED_TYPES: frozenset[SignalType] = frozenset(
    {_T.TASK, _T.TASK_AWARDED, _T.TASK_DECLINED, _T.RECALL, _T.IMPRINT, _T.TOOL_CALL}
)
"""Types whose `directed.id` names the addressee; on all others it names the producer (PROTOCOL 1.6)."""

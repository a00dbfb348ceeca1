"""What each of the 32 types carries: one struct per payload (PROTOCOL 2.2).

`check_payload` judges by this table, and factories and emitters are generated from it (`cosmo_sdk._tools.generate`).
A field without a default must be there, and so must those a struct lists in `required`: they have one for the
sender's comfort only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from cosmo_sdk._payload import ImprintOp, ParticipantRole, Payload, Position, RecallMode
from cosmo_sdk.dialects import modernise
from cosmo_sdk.signal_types import SignalType


class Task(Payload):
    """Ask a Neuron for work."""

    type = SignalType.TASK
    position: ClassVar[Position] = "root"
    input: dict[str, Any]
    """What the Neuron function receives."""
    context_ref: str | None = None
    """Where more context lies, `ctx://<kind>/<id>[@<version>]`."""
    capabilities: list[str] | None = None
    """Any one participant that has all of these may take the task."""
    finalize: bool = False
    """The worker follows its AGENT_OUTPUT with a FINAL."""


class AgentOutput(Payload):
    """What a Neuron made of its task."""

    type = SignalType.AGENT_OUTPUT
    output: Any
    """The Neuron function's result; an object in released peers."""


class Final(Payload):
    """The workflow's conclusion. Closes the trace."""

    type = SignalType.FINAL
    result: Any
    """The answer to whoever started the workflow."""
    cost: dict[str, Any] | None = None
    """Rolled-up cost of the workflow."""


class Error(Payload):
    """The workflow failed. Closes the trace."""

    type = SignalType.ERROR
    position: ClassVar[Position] = "request"
    written = frozenset({"recoverable"})
    code: str
    """A short machine-readable code (PROTOCOL 6.21)."""
    message: str
    """What went wrong, for people."""
    recoverable: bool = False
    """Whether trying again may help."""


class TaskOffer(Payload):
    """Put work up for auction."""

    type = SignalType.TASK_OFFER
    position: ClassVar[Position] = "root"
    input: dict[str, Any]
    """What the winner's Neuron function will receive."""
    capabilities: list[str] | None = None
    """Only participants that have all of these should bid."""
    deadline_ms: int | None = None
    """How long bids are accepted, milliseconds."""


class Bid(Payload):
    """Offer to do the work."""

    type = SignalType.BID
    cost: float
    """Price, US dollars by convention."""
    eta_ms: int | None = None
    """Promised time to an answer, milliseconds."""
    confidence: float | None = None
    """Self-assessment, 0 to 1."""


class TaskAwarded(Payload):
    """Tell the winner of an auction, and give it the work."""

    type = SignalType.TASK_AWARDED
    input: dict[str, Any]
    """What the Neuron function receives."""
    winning_bid: dict[str, Any] | None = None
    """The cost, eta_ms and confidence it won with."""
    context_ref: str | None = None
    """Where more context lies."""
    finalize: bool = False
    """The worker follows its AGENT_OUTPUT with a FINAL."""


class TaskDeclined(Payload):
    """Tell a bidder that it did not win."""

    type = SignalType.TASK_DECLINED
    reason: str | None = None
    """Why, e.g. `not selected` or `late`."""


class ThoughtDelta(Payload):
    """A piece of reasoning, streamed. Peers from 0.1.13 on drop it."""

    type = SignalType.THOUGHT_DELTA
    delta: str
    """The next piece of text."""
    seq: int | None = None
    """Its number in the stream."""


class Audit(Payload):
    """A policy stepped in. Known to peers from 0.1.13 on."""

    type = SignalType.AUDIT
    required = frozenset({"attempt"})
    kind: str
    """What happened: GUARD_RETRY, GUARDED, EVAL_RETRY, TOOL_RETRY, TRANSIENT_RETRY and so on."""
    domain: str
    """Whose rule it was: security, eval, tool, reliability or governance."""
    outcome: str
    """How it ended: re_asked, resent, recovered, exhausted, refused, redacted and so on."""
    attempt: int = 1
    """Which try this was, from 1."""
    component: str | None = None
    """The part that stepped in."""
    direction: str | None = None
    """Whether it judged what came in or what went out."""
    signal: str | None = None
    """The Signal it judged."""
    policy_id: str | None = None
    """The policy applied."""
    policy_version: str | None = None
    """The policy's version."""
    card_id: str | None = None
    """The policy card it is on."""
    reason: str | None = None
    """Why, for people."""
    hash: str | None = None
    """A digest of what was judged."""
    took_ms: int | None = None
    """How long judging took, milliseconds."""


class Plan(Payload):
    """The steps an agent means to take."""

    type = SignalType.PLAN
    steps: list[Any]
    """In order; objects, or plain sentences."""
    rationale: str | None = None
    """Why this way."""


class ToolCall(Payload):
    """Ask a tool to act."""

    type = SignalType.TOOL_CALL
    position: ClassVar[Position] = "request"
    tool: str
    """The tool's name."""
    args: dict[str, Any]
    """Its arguments."""
    call_id: str | None = None
    """The caller's own name for this call, echoed in the result."""


class ToolResult(Payload):
    """What a tool answered: a result or an error. Neither means that it succeeded with nothing to say."""

    type = SignalType.TOOL_RESULT
    tool: str
    """The tool's name."""
    result: Any = None
    """What it returned."""
    error: str | None = None
    """Why it failed."""
    call_id: str | None = None
    """The caller's name for the call."""

    @classmethod
    def faults(cls, payload: Mapping[str, Any]) -> list[str]:
        """Also names a result beside an error."""
        both = payload.get("result") is not None and payload.get("error") is not None
        return super().faults(payload) + (["error: there is a result as well"] if both else [])


class MemoryAppend(Payload):
    """Note something under a key, for whoever follows the trace."""

    type = SignalType.MEMORY_APPEND
    key: str
    """Under which name."""
    value: Any
    """What to note."""


class Critique(Payload):
    """A judgement on another Signal."""

    type = SignalType.CRITIQUE
    target_event_id: str
    """The Signal judged, `evt_...`."""
    issues: list[dict[str, Any]]
    """What is wrong with it."""
    verdict: str
    """pass, fail or revise by convention."""


class Escalation(Payload):
    """Hand a problem to somebody else."""

    type = SignalType.ESCALATION
    reason: str
    """Why this participant cannot go on."""
    target: str | None = None
    """Who should take over, a neuron id."""
    context: dict[str, Any] | None = None
    """What they need to know."""


class Consensus(Payload):
    """What a group agreed on."""

    type = SignalType.CONSENSUS
    members: list[str]
    """Who took part."""
    verdict: str
    """What they decided."""
    votes: dict[str, Any] | None = None
    """Who voted how."""


class ContextSync(Payload):
    """A snapshot of the state that everybody should share."""

    type = SignalType.CONTEXT_SYNC
    snapshot: dict[str, Any]
    """The state."""
    version: str | None = None
    """Which version of it."""


class Clarification(Payload):
    """Ask before going on."""

    type = SignalType.CLARIFICATION
    question: str
    """What the agent needs to know."""
    context: dict[str, Any] | None = None
    """What helps to answer."""


class Permission(Payload):
    """Ask for leave before acting."""

    type = SignalType.PERMISSION
    action: str
    """What the agent wants to do."""
    scope: dict[str, Any] | str | None = None
    """How far the leave should reach."""
    reason: str | None = None
    """Why it wants to."""
    context: dict[str, Any] | None = None
    """What helps to decide."""


class ClarificationAnswer(Payload):
    """Answer a CLARIFICATION; its id is this Signal's parent."""

    type = SignalType.CLARIFICATION_ANSWER
    answer: Any
    """The answer, any JSON."""


class PermissionDecision(Payload):
    """Decide on a PERMISSION; its id is this Signal's parent."""

    type = SignalType.PERMISSION_DECISION
    granted: bool
    """Whether the agent may."""
    reason: str | None = None
    """Why, or why not."""
    ttl_ms: int | None = None
    """How long the leave lasts, milliseconds."""


class Recall(Payload):
    """Ask a memory."""

    type = SignalType.RECALL
    position: ClassVar[Position] = "request"
    required = frozenset({"recall_mode"})
    query: dict[str, Any]
    """text, tag, merge_key, top_k (PROTOCOL 8.4)."""
    filters: dict[str, Any] | None = None
    """tags, since, until."""
    context_ref: str | None = None
    """Where more context lies."""
    deadline_ms: int | None = None
    """How long the asker waits, milliseconds."""
    min_confidence: float | None = None
    """Hits that score lower are of no use."""
    recall_mode: RecallMode = "first"
    """Which answers the asker waits for."""


class Recalled(Payload):
    """What a memory remembers."""

    type = SignalType.RECALLED
    required = frozenset({"truncated"})
    engram_id: str
    """Whose memory it is."""
    hits: list[dict[str, Any]]
    """Objects of id, entry and score."""
    truncated: bool = False
    """Whether there was more than fits."""
    took_ms: int | None = None
    """How long it took, milliseconds."""
    error: str | None = None
    """Why it failed; absent when it did not."""


class Imprint(Payload):
    """Have a memory keep, change or forget something."""

    type = SignalType.IMPRINT
    position: ClassVar[Position] = "request"
    op: ImprintOp
    """What to do."""
    entry: dict[str, Any]
    """id, content, tags, meta (PROTOCOL 8.4)."""
    merge_key: str | None = None
    """Which entry it is about; needed by merge and upsert."""

    @classmethod
    def faults(cls, payload: Mapping[str, Any]) -> list[str]:
        """Also names a missing merge_key."""
        lacking = payload.get("op") in ("merge", "upsert") and not payload.get("merge_key")
        return super().faults(payload) + ([f"merge_key: needed by op {payload['op']}"] if lacking else [])


class Imprinted(Payload):
    """What a memory did."""

    type = SignalType.IMPRINTED
    engram_id: str
    """Whose memory it is."""
    op: str
    """What was asked."""
    id: str | None = None
    """The entry written, `eng_...`."""
    version: int | None = None
    """Its version now, from 1."""
    took_ms: int | None = None
    """How long it took, milliseconds."""
    error: str | None = None
    """Why it failed; absent when it did not."""


class Register(Payload):
    """A participant is here."""

    type = SignalType.REGISTER
    position: ClassVar[Position] = "presence"
    required = frozenset({"role", "capabilities"})
    role: ParticipantRole = "neuron"
    """What it is."""
    capabilities: list[str] = msgspec.field(default_factory=list)
    """What it can do, in the order it declares them."""
    version: str | None = None
    """Its version."""
    engram: bool = False
    """Set by memories, for peers that do not read `role`."""

    def __post_init__(self) -> None:
        if self.engram:
            self.role = "engram"


class Deregister(Payload):
    """A participant leaves."""

    type = SignalType.DEREGISTER
    position: ClassVar[Position] = "presence"
    reason: str | None = None
    """Why."""


class Heartbeat(Payload):
    """A participant is still here."""

    type = SignalType.HEARTBEAT
    position: ClassVar[Position] = "presence"
    required = frozenset({"status"})
    status: str = "ok"
    """How it is."""
    load: float | None = None
    """How busy it is, 0 to 1."""
    in_flight: int | None = None
    """How many tasks it works on."""


class Discover(Payload):
    """Ask who is here. The fields filter; they address nobody."""

    type = SignalType.DISCOVER
    position: ClassVar[Position] = "root"
    neuron: str | None = None
    """Only this participant."""
    capabilities: list[str] | None = None
    """Only those that have all of these."""


class Stop(Payload):
    """End a trace."""

    type = SignalType.STOP
    position: ClassVar[Position] = "request"
    required = frozenset({"rollback"})
    rollback: bool = False
    """Whether memories undo what the trace wrote."""
    reason: str | None = None
    """Why."""


class Stopped(Payload):
    """What a participant ended because of a STOP."""

    type = SignalType.STOPPED
    position: ClassVar[Position] = "request"
    required = frozenset({"rolled_back", "cancelled", "compensated"})
    node: str | None = None
    """Who ended it; released peers put their namespace here."""
    rolled_back: bool = False
    """Whether memory writes were undone."""
    cancelled: int = 0
    """How many running tasks were cancelled."""
    compensated: int = 0
    """How many memory writes were undone."""


PAYLOADS: dict[SignalType, type[Payload]] = {struct.type: struct for struct in Payload.__subclasses__()}
"""The struct of each type."""


def check_payload(type: SignalType | str, payload: Mapping[str, Any]) -> list[str]:
    """Name every fault of a payload, in any dialect; an empty list when there is none (PROTOCOL 1.9, rule 11).

    Unknown keys are no fault, and of an unknown type nothing is expected.

    Returns:
        Sentences such as `cost: missing` or `deadline_ms: expected int | null, got str`. They may quote the payload,
        so they are as untrusted as it is.
    """
    if type not in SignalType.__members__:
        return []
    known = SignalType(type)
    current = dict(payload)
    modernise(known, current)
    return PAYLOADS[known].faults(current)

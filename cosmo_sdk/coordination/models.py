"""What pools and tasks are: the records that managers keep and callers hold."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct, field

from cosmo_sdk.coordination._codec import Index, record
from cosmo_sdk.coordination._values import canonical
from cosmo_sdk.ids import ULIDS


def new_id(prefix: str) -> Callable[[], str]:
    """A factory of ids: the prefix and a ULID."""
    return lambda: prefix + ULIDS.next()


class TaskState(Enum):
    """Where a task stands. The last three are final."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def held(self) -> bool:
        """Whether an agent has it."""
        return self in (TaskState.ASSIGNED, TaskState.RUNNING)

    @property
    def terminal(self) -> bool:
        """Whether it has ended."""
        return self in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)


ENDED_STATES = frozenset(state.value for state in TaskState if state.terminal)
"""The values of the states that are final."""


class Topic(Struct, frozen=True, eq=False, omit_defaults=True):
    """What a task is about, for routing. Equal by value; the order of attributes does not matter.

    Attributes:
        namespace: its name.
        attributes: what narrows it, JSON.
        version: free text.
    """

    namespace: str
    attributes: dict[str, Any] = {}
    version: str = "1.0"

    def _value(self) -> str:
        return canonical([self.namespace, self.attributes, self.version])

    def __eq__(self, other: object) -> bool:
        return self._value() == other._value() if isinstance(other, Topic) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value())

    def __str__(self) -> str:
        shown = ",".join(f"{key}={value}" for key, value in sorted(self.attributes.items()))
        return f"{self.namespace}[{shown}]v{self.version}"


def task_index(task: Task) -> Index:
    """What a store finds a task by."""
    return Index(
        "task",
        task.state.value,
        task.pool_id,
        task.priority,
        task.seq,
        task.lease_ms if task.state.held else None,
    )


@record("task", task_index)
class Task(Struct, dict=True, omit_defaults=True):
    """A piece of work. Fields after `priority` are kept by the TaskManager.

    Attributes:
        id: generated unless given.
        objective: what is to be achieved, JSON.
        inputs: what to work on, JSON.
        outputs: what shape the result should have, JSON; carried, not checked.
        constraints: `claim_ttl_sec` (seconds until an unreported claim may be released; 0 or more, inf for never),
            `max_attempts` (claims, at least 1); others are carried.
        evaluator: who judges the result; carried.
        state: where it stands.
        assigned_to: who holds or held it.
        result: what was reported, or why it failed.
        claimed_at: when it was claimed, monotonic seconds of `claim_domain`.
        pool_id: the pool it is for; None for everybody.
        topic: what it is about; None matches every topic.
        required_capabilities: what its agent must be able to do.
        priority: larger goes first.
        attempt: how often it was claimed.
        seq: its place in the order of submission.
        claim_domain: the machine and boot that took `claimed_at`.
        lease_ms: when the claim runs out on the store's clock, epoch milliseconds.
        created_ms: when it was submitted, epoch milliseconds.
        updated_ms: when it last changed, epoch milliseconds.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of its submission.
        told_ms: when the last event about it was told; heartbeats are told only now and then.
    """

    id: str = field(default_factory=new_id("tsk_"))
    objective: Any = field(default_factory=dict)
    inputs: Any = field(default_factory=dict)
    outputs: Any = None
    constraints: dict[str, Any] = field(default_factory=dict)
    evaluator: str = "default"
    state: TaskState = TaskState.PENDING
    assigned_to: str | None = None
    result: Any = None
    claimed_at: float | None = None
    pool_id: str | None = None
    topic: Topic | None = None
    required_capabilities: list[str] = field(default_factory=list)
    priority: int = 0
    attempt: int = 0
    seq: int = 0
    claim_domain: str | None = None
    lease_ms: int | None = None
    created_ms: int = 0
    updated_ms: int = 0
    trace_id: str | None = None
    root_event_id: str | None = None
    told_ms: int = 0


@record("pool")
class Pool(Struct, dict=True, omit_defaults=True):
    """A group of agents with a rule of who may join.

    Attributes:
        id: generated unless given.
        topics: what it is about.
        admission_policy: who may join, as data; see `PoolManager`.
        governance: defaults of votes opened with this pool: `method`, `quorum`, `threshold`, `tie_break`.
        agents: its members.
        created_ms: when it was created, epoch milliseconds.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of its creation.
    """

    id: str = field(default_factory=new_id("pol_"))
    topics: list[Topic | str] = field(default_factory=list)
    admission_policy: dict[str, Any] = field(default_factory=dict)
    governance: dict[str, Any] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)
    created_ms: int = 0
    trace_id: str | None = None
    root_event_id: str | None = None


def plain(value: Any) -> Any:
    """A record, or anything that holds some, as JSON values; what JSON cannot say as its `repr`."""
    return msgspec.to_builtins(value, order="deterministic", enc_hook=repr)

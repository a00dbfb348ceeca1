"""What may happen to a task: pure functions of the task and of who wants what. They change the task they are given."""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct

from cosmo_sdk.coordination._managing import Outcome
from cosmo_sdk.coordination._values import LONGEST_S, check_count, check_id, check_json, same
from cosmo_sdk.coordination.errors import ExistsError, NotAuthorizedError, StateError
from cosmo_sdk.coordination.events import Event, first_event, next_event
from cosmo_sdk.coordination.models import Task, TaskState, Topic, plain

HEARTBEAT_TOLD_MS = 10_000
"""Between events about heartbeats; those in between change the lease and tell nobody."""

_GIVEN = (
    "objective", "inputs", "outputs", "constraints", "evaluator", "pool_id", "topic", "required_capabilities", "priority",
)  # fmt: skip


class Reading(Struct, frozen=True):
    """One look at the clocks, taken when a claim is made or prolonged.

    Attributes:
        mono: monotonic seconds.
        domain: of the machine and boot.
        now_ms: of the store.
    """

    mono: float
    domain: str
    now_ms: int


def check_task(task: Task) -> None:
    """Refuse a task that cannot be submitted.

    Raises:
        TypeError: no Task, or a field of the wrong type.
        ValueError: an unusable id or constraint.
        StateError: it is not PENDING.
    """
    if not isinstance(task, Task):
        raise TypeError(f"submit() takes a Task, not {type(task).__name__}")
    check_id("task id", task.id)
    if task.state is not TaskState.PENDING:
        raise StateError(f"task {task.id!r} is {task.state.value}; only a pending one can be submitted")
    if isinstance(task.priority, bool) or not isinstance(task.priority, int):
        raise TypeError(f"priority must be an int, not {type(task.priority).__name__}")
    if not -(1 << 63) <= task.priority < 1 << 63:
        raise ValueError(f"priority {task.priority} does not fit into 64 bits")
    if task.pool_id is not None:
        check_id("pool_id", task.pool_id)
    if task.topic is not None and not isinstance(task.topic, Topic):
        raise TypeError(f"topic must be a Topic, not {type(task.topic).__name__}")
    if not isinstance(task.required_capabilities, list | tuple):
        raise TypeError("required_capabilities must be a list of str")
    for capability in task.required_capabilities:
        check_id("capability", capability)
    _check_constraints(task.constraints)
    for name in ("objective", "inputs", "outputs", "result", "evaluator"):
        check_json(name, getattr(task, name))


def _check_constraints(constraints: Any) -> None:
    if not isinstance(constraints, dict):
        raise TypeError(f"constraints must be a dict, not {type(constraints).__name__}")
    check_json("constraints", {**constraints, "claim_ttl_sec": None})
    if isinstance(constraints.get("claim_ttl_sec"), int):
        check_json("claim_ttl_sec", constraints["claim_ttl_sec"])
    if ttl_of(constraints, broken=-1.0) == -1.0:
        raise ValueError(
            f"claim_ttl_sec must be a number of seconds, 0 or more, not {constraints['claim_ttl_sec']!r}"
        )
    attempts = constraints.get("max_attempts")
    if attempts is not None:
        try:
            check_count("max_attempts", attempts, least=1)
        except TypeError as error:
            raise ValueError(str(error)) from None


def ttl_of(constraints: Any, *, broken: float | None = None) -> float | None:
    """How many seconds a claim lasts; None for ever. `broken` is for what makes no sense, which a store may hold."""
    ttl = constraints.get("claim_ttl_sec") if isinstance(constraints, dict) else None
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or math.isnan(ttl) or ttl < 0:
        return broken
    return None if ttl > LONGEST_S else float(ttl)


def submitted(task: Task, found: Task | None, now_ms: int, trace_id: str, cause: str | None) -> Outcome[str]:
    """A task is there from now on. Submitting the same one again does nothing until somebody has claimed it.

    Raises:
        ExistsError: another task has this id, or this one is under way or done.
    """
    if found is not None:
        untouched = found.state is TaskState.PENDING and found.attempt == 0
        if untouched and all(
            same(plain(getattr(found, name)), plain(getattr(task, name))) for name in _GIVEN
        ):
            return Outcome(found.id, found)
        raise ExistsError(
            f"task {task.id!r} exists and is {'another one' if untouched else 'under way or done'}"
        )
    task.required_capabilities = list(task.required_capabilities)
    task.created_ms = task.updated_ms = task.told_ms = now_ms
    if task.trace_id not in (None, trace_id):
        # Of a workflow of its own: nothing here caused it.
        trace_id, cause = task.trace_id or trace_id, None
    task.trace_id = trace_id
    body = {
        "event": "submitted",
        "state": "pending",
        "priority": task.priority,
        "pool_id": task.pool_id,
        "topic": plain(task.topic),
        "required_capabilities": task.required_capabilities,
        "objective": task.objective,
    }
    event = first_event(task, "task.submitted", now_ms, None, body, cause)
    return Outcome(task.id, task, [event], reports=[("task_submitted",)])


def claimed(task: Task, agent_id: str, at: Reading) -> Event:
    """An agent has a pending task from now on."""
    task.state = TaskState.ASSIGNED
    task.assigned_to = agent_id
    task.attempt += 1
    lease(task, at)
    return told(task, "claimed", at.now_ms, agent_id)


def lease(task: Task, at: Reading) -> None:
    """The claim lasts its whole time again, from now on."""
    ttl = ttl_of(task.constraints)
    task.claimed_at = at.mono
    task.claim_domain = at.domain
    task.lease_ms = None if ttl is None else at.now_ms + round(ttl * 1000)
    task.updated_ms = at.now_ms


def told(task: Task, what: str, now_ms: int, actor: str | None, **facts: Any) -> Event:
    """The event that something happened to a task."""
    task.told_ms = task.updated_ms = now_ms
    body = {
        "event": what,
        "state": task.state.value,
        "agent": actor,
        "attempt": task.attempt,
        "lease_ms": task.lease_ms,
        **facts,
    }
    return next_event(task, f"task.{what}", now_ms, actor, body)


def _let_go(task: Task, *, holder_too: bool) -> None:
    task.claimed_at = task.claim_domain = task.lease_ms = None
    if holder_too:
        task.assigned_to = None


def started(task: Task, agent_id: str, now_ms: int) -> Outcome[bool]:
    """Its holder says that work has begun."""
    if task.state is not TaskState.ASSIGNED or task.assigned_to != agent_id:
        return Outcome(False)
    task.state = TaskState.RUNNING
    return Outcome(True, task, [told(task, "started", now_ms, agent_id)])


def heard(task: Task, agent_id: str, at: Reading) -> Outcome[bool]:
    """Its holder says that it is still at work."""
    if not task.state.held or task.assigned_to != agent_id:
        return Outcome(False)
    lease(task, at)
    if at.now_ms - task.told_ms < HEARTBEAT_TOLD_MS:
        return Outcome(True, task)
    return Outcome(True, task, [told(task, "heartbeat", at.now_ms, agent_id)])


def reported(task: Task, agent_id: str, result: Any, now_ms: int) -> Outcome[None]:
    """Its holder has a result. The same again does nothing, so that whoever is unsure may repeat it.

    Raises:
        NotAuthorizedError: it is not this agent's.
        StateError: it has ended otherwise.
    """
    if task.assigned_to != agent_id or task.state in (TaskState.PENDING, TaskState.CANCELLED):
        raise NotAuthorizedError(agent_id, f"report task {task.id!r}, which it does not hold")
    if task.state is TaskState.COMPLETED and same(task.result, result):
        return Outcome(None)
    _refuse_ended(task)
    return _ended(task, TaskState.COMPLETED, "completed", result, now_ms, agent_id)


def failed(task: Task, agent_id: str | None, reason: Any, now_ms: int) -> Outcome[None]:
    """Its holder, or with None anybody, gives it up for good.

    Raises:
        NotAuthorizedError: it is not this agent's.
        StateError: it has ended otherwise.
    """
    if agent_id is not None and (
        task.assigned_to != agent_id or task.state in (TaskState.PENDING, TaskState.CANCELLED)
    ):
        raise NotAuthorizedError(agent_id, f"fail task {task.id!r}, which it does not hold")
    if task.state is TaskState.FAILED and same(task.result, reason):
        return Outcome(None)
    _refuse_ended(task)
    return _ended(task, TaskState.FAILED, "failed", reason, now_ms, agent_id)


def _refuse_ended(task: Task) -> None:
    if task.state.terminal:
        raise StateError(f"task {task.id!r} is {task.state.value} already, and that is final")


def _ended(
    task: Task, state: TaskState, what: str, result: Any, now_ms: int, actor: str | None
) -> Outcome[None]:
    task.state, task.result = state, result
    _let_go(task, holder_too=False)
    return Outcome(None, task, [told(task, what, now_ms, actor, result=result)], reports=[(f"task_{what}",)])


def cancelled(task: Task, now_ms: int) -> Outcome[bool]:
    """Nobody needs it any more."""
    if task.state.terminal:
        return Outcome(False)
    task.state = TaskState.CANCELLED
    _let_go(task, holder_too=True)
    return Outcome(True, task, [told(task, "cancelled", now_ms, None)], reports=[("task_cancelled",)])


def released(task: Task, now_ms: int) -> Outcome[bool]:
    """Its claim ends without a result. True when somebody else may try; False when it failed for lack of attempts."""
    most = task.constraints.get("max_attempts")
    if isinstance(most, int) and not isinstance(most, bool) and 1 <= most <= task.attempt:
        result = {"error": "max_attempts", "attempts": task.attempt}
        done = _ended(task, TaskState.FAILED, "failed", result, now_ms, task.assigned_to)
        return Outcome(False, task, done.events, reports=done.reports)
    holder = task.assigned_to
    task.state = TaskState.PENDING
    _let_go(task, holder_too=True)
    return Outcome(True, task, [told(task, "released", now_ms, holder)], reports=[("task_released", 1)])


def expired(task: Task, now_ts: float, at: Reading, skew_ms: int) -> bool:
    """Whether a claim has lasted its time at `now_ts` of the caller's monotonic clock.

    Monotonic readings of another boot or machine cannot be compared, so then the lease on the store's clock decides, moved
    by as much as the caller pretends, with some slack for clocks that differ.
    """
    ttl = ttl_of(task.constraints)
    if ttl is None or not task.state.held or task.claimed_at is None:
        return False
    if task.claim_domain == at.domain:
        return now_ts - task.claimed_at >= ttl
    then = at.now_ms + round((now_ts - at.mono) * 1000)
    return task.lease_ms is not None and then >= task.lease_ms + skew_ms


def visible(
    task: Task, pool_ids: list[str] | None, capabilities: list[str] | None, topics: list[Topic] | None
) -> bool:
    """Whether an agent with these pools, capabilities and topics may see a task. None leaves that question out."""
    return (
        (task.pool_id is None or pool_ids is None or task.pool_id in pool_ids)
        and (capabilities is None or set(task.required_capabilities) <= set(capabilities))
        and (topics is None or task.topic is None or task.topic in topics)
    )

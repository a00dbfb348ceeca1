"""Tasks: submitted by anybody, claimed by one agent at a time, reported once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import Struct

from cosmo_sdk.coordination import _task_rules as rules
from cosmo_sdk.coordination._codec import NEXT_SEQ, Index, copied
from cosmo_sdk.coordination._managing import Change, Managing, Outcome
from cosmo_sdk.coordination._store_base import Amendment, Store
from cosmo_sdk.coordination._task_waiting import Waiters
from cosmo_sdk.coordination._values import check_id, check_json
from cosmo_sdk.coordination.metrics import CoordinationMetrics
from cosmo_sdk.coordination.models import Task, TaskState, Topic, task_index

T = TypeVar("T")

_logger = logging.getLogger("cosmo_sdk.coordination")

_ENDED = tuple(state for state in TaskState if state.terminal)

_ODD_CLOCK_S = 30 * 86_400
"""Whoever sweeps with a time this far from the monotonic clock has probably passed `time.time()`."""


class Claim(Struct, frozen=True):
    """One attempt of one agent at a task. What is done with it ends with that attempt.

    Attributes:
        task_id: the task.
        agent_id: who has it.
        attempt: which claim of the task this is, from 1.
        lease_ms: when it runs out on the store's clock, epoch milliseconds; None when it does not.
    """

    task_id: str
    agent_id: str
    attempt: int
    lease_ms: int | None = None


class TaskManager(Managing):
    """Keeps tasks, and sees to it that each is held by one agent at a time.

    Of any number of threads and processes that claim a task, exactly one gets True. Calls are safe from any thread, and
    from coroutines where the store is local; `aio(manager)` runs them in threads.

    Args:
        store: where tasks live; a MemoryStore of its own unless given.
        coordination_metrics: where counts go.

    Attributes:
        skew_ms: slack for clocks of machines that differ, when a claim of another boot or machine is judged.
    """

    _kind = "task"
    _prefix = "task:"
    _takes = Managing._takes | {"pools"}

    skew_ms = 2000

    def __init__(
        self, store: Store | None = None, coordination_metrics: CoordinationMetrics | None = None
    ) -> None:
        super().__init__(store, coordination_metrics)
        self._pools: Any = None
        self._waiters = Waiters(self)
        self._warned = False

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks this process knows, by id, ended ones included. As fresh as the last listing.

        Those that `store.prune(tasks_before_ms=...)` has taken out go with the next `refresh_from_store`.
        """
        return self._live.known

    @property
    def pending_task_ids(self) -> set[str]:
        """The ids of the tasks in `tasks` that wait."""
        return {task.id for task in self._live if task.state is TaskState.PENDING}

    # -- submitting and reading

    def submit(self, task: Task) -> str:
        """Offer a task to agents. The same task again does nothing, until somebody has claimed it.

        The object goes on to say what becomes of the task, as far as this process learns of it.

        Returns:
            Its id.

        Raises:
            TypeError: no Task, or a field that JSON cannot say.
            ValueError: a constraint that makes no sense.
            StateError: the task is not PENDING.
            ExistsError: the id is taken by another task, or this one was claimed already.
        """
        rules.check_task(task)
        trace_id, cause = self._origin()
        return self._step(
            task.id,
            lambda found, now_ms: rules.submitted(copied(task), found, now_ms, trace_id, cause),
            into=task,
        )

    def _new_index(self, value: Any) -> Index | None:
        found_by = task_index(value)
        return Index(found_by.kind, found_by.state, found_by.pool_id, found_by.priority, NEXT_SEQ)

    @staticmethod
    def _may_go(record: Any) -> bool:
        return record.state in _ENDED

    def get_task(self, task_id: str) -> Task | None:
        """The task as it is now; None when there is none."""
        task: Task | None = self._live.get(task_id)
        return task

    def refresh_from_store(self) -> None:
        """Read every task again, in one scan."""
        self._live.reload()
        if self._report.metrics is not None:
            self._report("pending_tasks", len(self.pending_task_ids))

    def list_pending_tasks(self, *, refresh_from_store: bool = False) -> list[Task]:
        """The tasks that wait, in the order of their submission.

        Args:
            refresh_from_store: read every task again, instead of what has changed.
        """
        if refresh_from_store:
            self.refresh_from_store()
        waiting = [task for task in list(self._live.sync().values()) if task.state is TaskState.PENDING]
        return sorted(waiting, key=lambda task: (task.seq, task.id))

    def list_pending_tasks_for_agent(
        self,
        agent_id: str,
        pool_ids: list[str] | None = None,
        capabilities: list[str] | None = None,
        topics: list[Topic] | None = None,
        *,
        sort_by_priority: bool = False,
        refresh_from_store: bool = False,
    ) -> list[Task]:
        """The waiting tasks an agent may see. An agent that wants one calls `claim_next` instead: no herd.

        Args:
            agent_id: who asks. Only checked; what it may see depends on the rest.
            pool_ids: its pools; tasks of others are left out. None leaves that question out.
            capabilities: what it can do; tasks that need more are left out. None leaves that question out.
            topics: what it is interested in; tasks with another topic are left out, those without one never. None leaves
                that question out.
            sort_by_priority: the largest priority first, then by id, instead of as submitted.
            refresh_from_store: read every task again, instead of what has changed.
        """
        check_id("agent_id", agent_id)
        waiting = [
            task
            for task in self.list_pending_tasks(refresh_from_store=refresh_from_store)
            if rules.visible(task, pool_ids, capabilities, topics)
        ]
        if sort_by_priority:
            waiting.sort(key=lambda task: (-task.priority, task.id))
        return waiting

    # -- claiming

    def claim(self, agent_id: str, task_id: str) -> bool:
        """Try to get a task. True for exactly one of all who try.

        Returns:
            False when somebody has it, it has ended, there is none, or (with `bind(pools=)`) the agent is not in its pool.
        """
        return self.claim_task(agent_id, task_id) is not None

    def claim_task(self, agent_id: str, task_id: str) -> Claim | None:
        """Like `claim`, with proof of which attempt it is: see `complete`, `fail`, `extend` and `abandon`."""
        check_id("agent_id", agent_id)

        def change(task: Task | None, now_ms: int) -> Outcome[Claim | None]:
            if task is None:
                return self._unknown(None)
            if task.state is not TaskState.PENDING:
                return Outcome(None, reports=[("task_claim_lost",)])
            if not self._may_have(agent_id, task):
                return Outcome(None)
            waited_s = max(0, now_ms - task.updated_ms) / 1000
            event = rules.claimed(task, agent_id, self._reading(now_ms))
            claim = Claim(task.id, agent_id, task.attempt, task.lease_ms)
            reports = [("task_claimed",), ("task_seconds", "queued", waited_s)]
            return Outcome(claim, task, [event], reports=reports)

        return self._step(task_id, change)

    def claim_next(
        self,
        agent_id: str,
        pool_ids: list[str] | None = None,
        capabilities: list[str] | None = None,
        topics: list[Topic] | None = None,
    ) -> Task | None:
        """Get the first waiting task that an agent may see: the largest priority, then the smallest id.

        Nobody else tries for the same one meanwhile. Which of several agents gets more is not promised.

        Args:
            agent_id: who will hold it.
            pool_ids: only tasks of these pools; None for any.
            capabilities: what the agent can do; None for anything.
            topics: only tasks of these topics; None for any.

        Returns:
            The task, held by the agent; None when there is none for it.
        """
        check_id("agent_id", agent_id)
        versions = {}
        # Asked before the store is busy with this.
        mine = None if self._pools is None else set(self._pools.get_pools_for_agent(agent_id))

        def amend(key: str, task: Task, version: int) -> Amendment | None:
            if not rules.visible(task, pool_ids, capabilities, topics):
                return None
            if mine is not None and task.pool_id is not None and task.pool_id not in mine:
                return None
            versions[key] = version + 1
            return Amendment(task, [rules.claimed(task, agent_id, self._reading(self._store.now_ms()))])

        amendment = self._store.amend_first(self._kind, state="pending", amend=amend)
        if amendment is None:
            return None
        task_id = amendment.value.id
        self._report("task_claimed")
        task: Task = self._amended(task_id, amendment, versions[self._prefix + task_id])
        return task

    def _may_have(self, agent_id: str, task: Task) -> bool:
        return self._pools is None or task.pool_id is None or agent_id in self._pools.members(task.pool_id)

    def _reading(self, now_ms: int) -> rules.Reading:
        return rules.Reading(self.clock.monotonic(), self.clock.domain, now_ms)

    # -- working

    def start(self, agent_id: str, task_id: str) -> bool:
        """Say that work on a claimed task has begun. Whether the agent holds it and had not said so yet."""
        check_id("agent_id", agent_id)
        return self._on(task_id, False, lambda task, now_ms: rules.started(task, agent_id, now_ms))

    def heartbeat(self, agent_id: str, task_id: str) -> bool:
        """Let the claim last its whole time again, from now. Every third of that time is a good rhythm.

        Returns:
            Whether the agent holds the task.
        """
        check_id("agent_id", agent_id)
        return self._on(
            task_id, False, lambda task, now_ms: rules.heard(task, agent_id, self._reading(now_ms))
        )

    def report(self, agent_id: str, task_id: str, result: Any) -> None:
        """Report the result of a task. The same again does nothing; so does an unknown task.

        A late report is taken as long as nobody has released the claim.

        Args:
            agent_id: its holder.
            task_id: which.
            result: JSON.

        Raises:
            NotAuthorizedError: the agent does not hold it.
            StateError: it has ended otherwise.
            TypeError: JSON cannot say the result.
        """
        check_id("agent_id", agent_id)
        check_json("result", result)
        self._on(task_id, None, lambda task, now_ms: rules.reported(task, agent_id, result, now_ms))

    def fail_task(self, task_id: str, reason: Any, *, agent_id: str | None = None) -> None:
        """Give a task up for good. The same again does nothing; so does an unknown task.

        Args:
            task_id: which.
            reason: becomes its result, JSON.
            agent_id: its holder; None lets anybody.

        Raises:
            NotAuthorizedError: the agent does not hold it.
            StateError: it has ended otherwise.
            TypeError: JSON cannot say the reason.
        """
        if agent_id is not None:
            check_id("agent_id", agent_id)
        check_json("reason", reason)
        self._on(task_id, None, lambda task, now_ms: rules.failed(task, agent_id, reason, now_ms))

    def cancel_task(self, task_id: str) -> bool:
        """Cancel a task, held or not. False when it has ended or is unknown."""
        return self._on(task_id, False, rules.cancelled)

    def _on(self, task_id: str, unknown: T, change: Change[T]) -> T:
        """Make a change to a task that exists; return `unknown` where there is none."""
        ended = False

        def guarded(task: Task | None, now_ms: int) -> Outcome[T]:
            nonlocal ended
            if task is None:
                return self._unknown(unknown)
            held_since = task.claimed_at if task.claim_domain == self.clock.domain else None
            outcome = change(task, now_ms)
            ended = outcome.record is not None and task.state.terminal
            if ended and held_since is not None:
                held_s = max(0.0, self.clock.monotonic() - held_since)
                outcome = replace(outcome, reports=[*outcome.reports, ("task_seconds", "held", held_s)])
            return outcome

        returned = self._step(task_id, guarded)
        if ended:
            self._waiters.wake(task_id)
        return returned

    # -- with a claim

    def complete(self, claim: Claim, result: Any) -> bool:
        """Report a result, if this very attempt still holds the task.

        Unlike `report`, this cannot end a later attempt of the same agent.
        """
        check_json("result", result)
        return self._with(claim, lambda task, now_ms: rules.reported(task, claim.agent_id, result, now_ms))

    def fail(self, claim: Claim, reason: Any) -> bool:
        """Give the task up for good, if this very attempt still holds it."""
        check_json("reason", reason)
        return self._with(claim, lambda task, now_ms: rules.failed(task, claim.agent_id, reason, now_ms))

    def extend(self, claim: Claim) -> bool:
        """Let the claim last its whole time again, if this very attempt still holds the task."""
        return self._with(
            claim, lambda task, now_ms: rules.heard(task, claim.agent_id, self._reading(now_ms))
        )

    def abandon(self, claim: Claim) -> bool:
        """Let somebody else try, if this very attempt still holds the task."""
        return self._with(claim, rules.released)

    def _with(self, claim: Claim, change: Change[Any]) -> bool:
        def fenced(task: Any, now_ms: int) -> Outcome[bool]:
            if (task.assigned_to, task.attempt) != (claim.agent_id, claim.attempt) or not task.state.held:
                return Outcome(False)
            outcome = change(task, now_ms)
            return Outcome(True, outcome.record, outcome.events, reports=outcome.reports)

        return self._on(claim.task_id, False, fenced)

    # -- releasing

    def release_expired_claims(self, now_ts: float) -> list[str]:
        """Let others try what was claimed and not reported in time. Call it now and then, with `time.monotonic()`.

        Several may do so at once; each claim is released once. A task without attempts left fails instead.

        Args:
            now_ts: the time, on this machine's monotonic clock.

        Returns:
            The ids of the tasks that wait again, in the order of their submission.

        Raises:
            TypeError: `now_ts` is no number.
        """
        if isinstance(now_ts, bool) or not isinstance(now_ts, int | float):
            raise TypeError(f"now_ts must be seconds of time.monotonic(), not {type(now_ts).__name__}")
        if abs(now_ts - self.clock.monotonic()) > _ODD_CLOCK_S and not self._warned:
            self._warned = True
            _logger.warning(
                "release_expired_claims(%s) is more than 30 days from time.monotonic(); was it time.time()?",
                now_ts,
            )
        return self._release(
            lambda task, now_ms: rules.expired(task, now_ts, self._reading(now_ms), self.skew_ms),
            [task.id for _, task, _ in self._store.leased(self._kind)],
        )

    def release_claims_of(self, agent_id: str) -> list[str]:
        """Let others try everything that an agent holds, because it is gone.

        Returns:
            The ids of the tasks that wait again, in the order of their submission.
        """
        check_id("agent_id", agent_id)
        held = [
            task
            for state in (TaskState.ASSIGNED, TaskState.RUNNING)
            for _, task, _ in self._store.scan(self._kind, state=state.value)
            if task.assigned_to == agent_id
        ]
        held.sort(key=lambda task: task.seq)
        return self._release(
            lambda task, now_ms: task.state.held and task.assigned_to == agent_id,
            [task.id for task in held],
        )

    def _release(self, due: Callable[[Task, int], bool], candidates: list[str]) -> list[str]:
        def change(task: Task, now_ms: int) -> Outcome[bool]:
            return rules.released(task, now_ms) if due(task, now_ms) else Outcome(False)

        return [task_id for task_id in candidates if self._on(task_id, False, change)]

    # -- waiting

    async def wait_until_done(self, task_id: str, timeout: float) -> Task | None:
        """Wait for a task to end, whichever process ends it.

        Args:
            task_id: which.
            timeout: seconds at most; 0 or less looks once.

        Returns:
            The ended task; None when there is none, or time is up.
        """
        return await self._waiters.wait(task_id, timeout)

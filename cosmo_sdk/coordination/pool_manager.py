"""Pools: groups of agents, with a rule of who may join that every process applies alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosmo_sdk.coordination._admission import Admission, admits, check_admission
from cosmo_sdk.coordination._managing import Managing, Outcome
from cosmo_sdk.coordination._store_base import Store
from cosmo_sdk.coordination._values import canonical, check_id, check_json
from cosmo_sdk.coordination.errors import ExistsError
from cosmo_sdk.coordination.events import Event, first_event, next_event
from cosmo_sdk.coordination.models import Pool, Topic, plain

_SPEC = ("id", "topics", "admission_policy", "governance")


class PoolManager(Managing):
    """Creates pools and keeps their members.

    The store is the truth: what is returned is always current, whichever process changed it.

    Args:
        store: where pools live; a MemoryStore of its own unless given.
        coordination_metrics: a CoordinationMetrics, or anything with some of its methods.
    """

    _kind = "pool"
    _prefix = "pool:"

    def __init__(self, store: Store | None = None, coordination_metrics: Any = None) -> None:
        super().__init__(store, coordination_metrics)
        self._admissions: dict[str, Admission] = {}

    @property
    def pools(self) -> dict[str, Pool]:
        """The pools this process has seen, by id."""
        return self._live.known

    def create_pool(self, spec: dict[str, Any]) -> Pool:
        """Make a pool.

        Args:
            spec: `id` (generated unless given), `topics`, `admission_policy` and `governance`. A policy is a dict: `mode` is
                `open` (the default), `closed`, `allowlist` with `allow`, `capability` with `required_capabilities`, or
                `named` with a `name` given to `register_admission`; `max_agents` bounds any of them.

        Returns:
            The pool; the one that is there when it has the same topics, policy and governance.

        Raises:
            TypeError: no dict, or values JSON cannot say.
            ValueError: unknown keys, or a policy that makes no sense.
            ExistsError: another pool has this id.
        """
        wanted = self._from_spec(spec)
        trace_id, cause = self._origin()

        def change(pool: Pool | None, now_ms: int) -> Outcome[Pool]:
            if pool is not None:
                if _described(pool) != _described(wanted):
                    raise ExistsError(f"pool {wanted.id!r} exists with other topics, admission or governance")
                return Outcome(pool)
            wanted.created_ms, wanted.trace_id = now_ms, trace_id
            snapshot = {
                "coord": "pool",
                "id": wanted.id,
                "topics": plain(wanted.topics),
                "admission": wanted.admission_policy,
                "agents": [],
                "size": 0,
            }
            event = first_event(wanted, "pool.created", now_ms, None, snapshot, cause)
            return Outcome(wanted, wanted, [event], reports=[("pool_created",)])

        self._step(wanted.id, change)
        pool = self.get_pool(wanted.id)
        # Deleted again in the same moment: then at least it was as asked for.
        return pool if pool is not None else wanted

    def _from_spec(self, spec: dict[str, Any]) -> Pool:
        if not isinstance(spec, dict):
            raise TypeError(f"create_pool() takes a dict, not {type(spec).__name__}")
        unknown = [str(key) for key in spec if key not in _SPEC]
        if unknown:
            raise ValueError(
                f"create_pool(): unknown {', '.join(sorted(unknown))}; it takes {', '.join(_SPEC)}"
            )
        pool = Pool()
        if spec.get("id") is not None:
            pool.id = check_id("pool id", spec["id"])
        pool.topics = _topics(spec.get("topics"))
        policy = spec.get("admission_policy")
        if policy is not None and hasattr(policy, "can_admit"):
            policy = self._name(policy)
        pool.admission_policy = check_admission({} if policy is None else policy)
        pool.governance = check_json("governance", spec.get("governance") or {})
        if not isinstance(pool.governance, dict):
            raise TypeError("governance must be a dict")
        return pool

    def _name(self, admission: Admission) -> dict[str, Any]:
        for name, known in self._admissions.items():
            if known is admission:
                return {"mode": "named", "name": name}
        raise ValueError(
            "an admission object works in this process only: give it a name with register_admission(name, object) "
            "first, in every process that admits"
        )

    def register_admission(self, name: str, admission: Admission) -> None:
        """Give an object with `can_admit(agent_id, context) -> bool` a name, for policies with `mode` `named`.

        A process that does not know the name lets nobody in.

        Raises:
            TypeError: the object has no `can_admit`.
        """
        if not callable(getattr(admission, "can_admit", None)):
            raise TypeError(f"{type(admission).__name__} has no can_admit(agent_id, context)")
        self._admissions[check_id("name", name)] = admission

    def join_pool(self, agent_id: str, pool_id: str, *, capabilities: list[str] | None = None) -> bool:
        """Let an agent in.

        Args:
            agent_id: who.
            pool_id: where.
            capabilities: what it can do, for pools that ask.

        Returns:
            True when it is a member now, also when it was before; False when the pool is unknown, full, or does not admit
            it.
        """
        check_id("agent_id", agent_id)

        def change(pool: Pool | None, now_ms: int) -> Outcome[bool]:
            if pool is None:
                return self._unknown(False)
            if agent_id in pool.agents:
                return Outcome(True)
            reason = admits(pool, agent_id, capabilities, self._admissions)
            if reason:
                event = _told(pool, "refused", now_ms, agent_id, reason=reason)
                return Outcome(False, events=[event])
            pool.agents.add(agent_id)
            return Outcome(
                True,
                pool,
                [_told(pool, "joined", now_ms, agent_id)],
                reports=[("pool_join",), ("pool_size", len(pool.agents))],
            )

        return self._step(pool_id, change)

    def leave_pool(self, agent_id: str, pool_id: str) -> None:
        """Let an agent go. Does nothing when it is no member, or the pool is unknown."""
        check_id("agent_id", agent_id)
        self._step(pool_id, self._without(agent_id, "left"))

    def expel(self, pool_id: str, agent_id: str, reason: str) -> bool:
        """Take an agent out of a pool. Whether it was in.

        Args:
            pool_id: the pool.
            agent_id: the agent.
            reason: is told with the event; JSON.
        """
        check_id("agent_id", agent_id)
        check_json("reason", reason)
        return self._step(pool_id, self._without(agent_id, "expelled", reason=reason))

    def _without(self, agent_id: str, what: str, **facts: Any) -> Callable[[Pool | None, int], Outcome[bool]]:
        def change(pool: Pool | None, now_ms: int) -> Outcome[bool]:
            if pool is None:
                return self._unknown(False)
            if agent_id not in pool.agents:
                return Outcome(False)
            pool.agents.discard(agent_id)
            return Outcome(
                True,
                pool,
                [_told(pool, what, now_ms, agent_id, **facts)],
                reports=[("pool_leave",), ("pool_size", len(pool.agents))],
            )

        return change

    def delete_pool(self, pool_id: str) -> bool:
        """Forget a pool that has no members. Whether it did."""

        def change(pool: Pool | None, now_ms: int) -> Outcome[bool]:
            if pool is None:
                return self._unknown(False)
            if pool.agents:
                return Outcome(False)
            return Outcome(True, None, [_told(pool, "deleted", now_ms, None)], deletes=True)

        return self._step(pool_id, change)

    def get_pool(self, pool_id: str) -> Pool | None:
        """The pool as it is now; None when there is none."""
        pool: Pool | None = self._live.get(pool_id)
        return pool

    def list_pools(self) -> list[Pool]:
        """Every pool, by id."""
        return sorted(self._live.sync().values(), key=lambda pool: str(pool.id))

    def members(self, pool_id: str) -> list[str]:
        """The members of a pool, ascending; none when it is unknown."""
        pool = self.get_pool(pool_id)
        return [] if pool is None else sorted(pool.agents)

    def get_pools_for_agent(self, agent_id: str) -> list[str]:
        """The ids of the pools an agent is in, ascending."""
        return sorted(pool.id for pool in self.list_pools() if agent_id in pool.agents)


def _told(pool: Pool, what: str, now_ms: int, agent_id: str | None, **facts: Any) -> Event:
    body = {"event": what, "agent": agent_id, "size": len(pool.agents), **facts}
    return next_event(pool, f"pool.{what}", now_ms, agent_id, body)


def _described(pool: Pool) -> str:
    return canonical(plain([pool.topics, pool.admission_policy, pool.governance]))


def _topics(topics: Any) -> list[Topic | str]:
    if topics is None:
        return []
    if not isinstance(topics, list | tuple):
        raise TypeError(f"topics must be a list of Topic or str, not {type(topics).__name__}")
    for topic in topics:
        if not isinstance(topic, Topic | str):
            raise TypeError(f"topics must be Topic or str, not {type(topic).__name__}")
    return list(topics)

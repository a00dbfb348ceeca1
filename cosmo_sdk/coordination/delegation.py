"""Delegation: authority handed on, which can only become less, and ends with what it came from."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.coordination._delegation_rules import (
    Delegation,
    DelegationType,
    body_of,
    ended,
    facts,
    is_over,
    line_of,
    may_revoke,
)
from cosmo_sdk.coordination._managing import Managing, Outcome
from cosmo_sdk.coordination._scopes import check_scope, covered
from cosmo_sdk.coordination._values import check_choice, check_count, check_id, to_ms
from cosmo_sdk.coordination.errors import CoordinationError, NotAuthorizedError, ScopeError, StateError
from cosmo_sdk.coordination.events import first_event, next_event
from cosmo_sdk.coordination.models import new_id

__all__ = ["Delegation", "DelegationProtocol", "DelegationType"]

_new_delegation_id = new_id("dlg_")


class DelegationProtocol(Managing):
    """Keeps who may act for whom, in memory unless bound to a store.

    It answers whether a grant was recorded, not whether somebody is who it says: messages on the bus are not signed.
    """

    _kind = "delegation"
    _prefix = "dlg:"
    _takes = Managing._takes | {"pools"}

    def __init__(self) -> None:
        super().__init__()
        self._pools: Any = None

    # -- giving

    def delegate(
        self,
        delegator_id: str,
        delegatee_id: str,
        scope: list[str],
        *,
        delegation_type: str = "direct",
        expires_in_s: float | None = None,
        parent_id: str | None = None,
        max_depth: int = 0,
    ) -> str:
        """Hand authority on.

        Args:
            delegator_id: who gives.
            delegatee_id: who gets it; with `pooled` a pool, which needs `bind(pools=...)`.
            scope: what it allows: `task:claim`, or `topic:*` for everything below `topic`, or `*` for everything.
            delegation_type: one of `DelegationType`.
            expires_in_s: seconds until it is void; never by itself unless given.
            parent_id: the delegation it is handed on from. The new one allows no more, lasts no longer, and ends with it.
            max_depth: how often it may be handed on; not at all unless given.

        Returns:
            The id of the delegation.

        Raises:
            ValueError: an empty scope, to oneself, back up the chain, or an unknown pool or parent.
            ScopeError: more than the parent allows, or handed on too often.
            NotAuthorizedError: the delegator does not hold the parent.
            StateError: the parent has ended.
            TypeError: values of the wrong type.
        """
        grant = Delegation(
            _new_delegation_id(),
            check_id("delegator_id", delegator_id),
            check_id("delegatee_id", delegatee_id),
            check_scope(scope),
            check_choice("delegation_type", delegation_type, (DelegationType.DIRECT, DelegationType.POOLED)),
            depth=check_count("max_depth", max_depth),
            root=delegator_id,
        )
        lasts_ms = None if expires_in_s is None else to_ms("expires_in_s", expires_in_s)
        if delegator_id == delegatee_id:
            raise CoordinationError(f"{delegator_id!r} cannot delegate to itself")
        if grant.type == DelegationType.POOLED:
            self._check_pool(delegatee_id)
        if parent_id is not None:
            self._narrow(grant, check_id("parent_id", parent_id))
        trace_id, cause = self._origin()

        def change(_: Any, now_ms: int) -> Outcome[str]:
            ends = [] if grant.expires_ms is None else [grant.expires_ms]
            if lasts_ms is not None:
                ends.append(now_ms + lasts_ms)
            grant.expires_ms = min(ends, default=None)
            grant.trace_id = trace_id
            event = first_event(
                grant, "delegation.granted", now_ms, delegator_id, body_of(grant, "granted"), cause
            )
            return Outcome(grant.id, grant, [event], reports=[("delegation", "granted")])

        return self._step(grant.id, change)

    def _check_pool(self, pool_id: str) -> None:
        if self._pools is None:
            raise CoordinationError(
                "a pooled delegation needs to know the pools: bind(pools=PoolManager(...)) first"
            )
        if self._pools.get_pool(pool_id) is None:
            raise CoordinationError(f"there is no pool {pool_id!r}")

    def _narrow(self, grant: Delegation, parent_id: str) -> None:
        """Make a grant no more than its parent, or refuse it."""
        grants = self._grants()
        parent = grants.get(parent_id)
        if parent is None:
            raise CoordinationError(f"there is no delegation {parent_id!r}")
        line = line_of(grants, parent_id)
        if not self._is_active(line):
            raise StateError(f"delegation {parent_id!r} has ended")
        if not self._holds(parent, grant.delegator):
            raise NotAuthorizedError(
                grant.delegator, f"hand on delegation {parent_id!r}, which it does not hold"
            )
        if parent.depth < 1:
            raise ScopeError(f"delegation {parent_id!r} may not be handed on: its depth is 0")
        wider = [entry for entry in grant.scope if not covered(parent.scope, entry)]
        if wider:
            raise ScopeError(f"{', '.join(wider)}: more than delegation {parent_id!r} allows")
        if grant.delegatee in {each.delegator for each in line}:
            raise CoordinationError(f"{grant.delegatee!r} gave this authority itself: a circle")
        grant.parent, grant.root = parent_id, parent.root
        grant.depth = min(grant.depth, parent.depth - 1)
        grant.expires_ms = parent.expires_ms

    # -- ending

    def revoke(self, delegation_id: str, *, agent_id: str | None = None) -> bool:
        """End a delegation, and with it all that was handed on from it.

        Args:
            delegation_id: which.
            agent_id: who does so: the delegator, anybody who delegated further up, or the agent who has it. None for an
                administrator.

        Returns:
            False when it is unknown or has ended, or the agent may not; the latter is told as `delegation.denied`.
        """
        if agent_id is not None:
            check_id("agent_id", agent_id)
        line = line_of(self._grants(), delegation_id)

        def change(grant: Delegation | None, now_ms: int) -> Outcome[bool]:
            if grant is None:
                return self._unknown(False)
            if grant.status != "active" or not self._is_active(line, now_ms):
                return Outcome(False)
            if agent_id is not None and not may_revoke(line, agent_id):
                body = {**body_of(grant, "denied"), "agent": agent_id}
                event = next_event(grant, "delegation.denied", now_ms, agent_id, body)
                return Outcome(False, events=[event], reports=[("delegation", "denied")])
            return ended(grant, "revoked", now_ms, agent_id)

        return self._step(delegation_id, change)

    def expire(self) -> list[str]:
        """Note which delegations are void because their time is up, and return their ids, ascending."""
        now_ms = self._store.now_ms()

        def change(grant: Delegation | None, at_ms: int) -> Outcome[bool]:
            if grant is None or grant.status != "active" or not is_over(grant, at_ms):
                return Outcome(False)
            return ended(grant, "expired", at_ms, None)

        due = [grant.id for _, grant, _ in self._store.leased(self._kind) if is_over(grant, now_ms)]
        return [delegation_id for delegation_id in sorted(due) if self._step(delegation_id, change)]

    # -- asking

    def check(self, agent_id: str, permission: str, *, on_behalf_of: str | None = None) -> bool:
        """Whether an agent has been given a permission, by anybody or by one.

        Args:
            agent_id: who wants to act.
            permission: what it wants to do, such as `task:claim:gpu`.
            on_behalf_of: whose authority it must be, in the first place.
        """
        check_id("agent_id", agent_id)
        check_id("permission", permission)
        grants = self._grants()
        now_ms = self._store.now_ms()
        return any(
            self._holds(grant, agent_id) and self._is_active(line_of(grants, grant.id), now_ms)
            for grant in list(grants.values())
            if grant.status == "active"
            and on_behalf_of in (None, grant.root)
            and covered(grant.scope, permission)
        )

    def active(self, delegation_id: str) -> bool:
        """Whether a delegation, and everything it comes from, stands."""
        return self._is_active(line_of(self._grants(), delegation_id))

    def get(self, delegation_id: str) -> Delegation | None:
        """The delegation as it is now; None when there is none."""
        return self._grants().get(delegation_id)

    def chain(self, delegation_id: str) -> list[str]:
        """The ids from the first delegation to this one; empty when it is unknown."""
        return [grant.id for grant in reversed(line_of(self._grants(), delegation_id))]

    def held_by(self, agent_id: str) -> list[str]:
        """The ids of the delegations that stand and that an agent has, also as a member of a pool; ascending."""
        return self._standing(lambda grant: self._holds(grant, agent_id))

    def granted_by(self, agent_id: str) -> list[str]:
        """The ids of the delegations that stand and that an agent gave; ascending."""
        return self._standing(lambda grant: grant.delegator == agent_id)

    def _standing(self, which: Any) -> list[str]:
        grants = self._grants()
        return sorted(
            grant.id
            for grant in list(grants.values())
            if which(grant) and self._is_active(line_of(grants, grant.id))
        )

    @property
    def delegations(self) -> dict[str, dict[str, Any]]:
        """Every delegation by id, as a dict: `delegator`, `delegatee`, `scope`, `active`, `type`, `parent`, `depth` and
        `expires_ms`. A copy, as of now.
        """
        grants = self._grants()
        return {
            grant.id: {**facts(grant), "active": self._is_active(line_of(grants, grant.id))}
            for grant in list(grants.values())
        }

    def _grants(self) -> dict[str, Delegation]:
        return self._live.sync()

    def _is_active(self, line: list[Delegation], now_ms: int | None = None) -> bool:
        now_ms = self._store.now_ms() if now_ms is None else now_ms
        whole = bool(line) and line[-1].parent is None
        return whole and all(grant.status == "active" and not is_over(grant, now_ms) for grant in line)

    def _holds(self, grant: Delegation, agent_id: str) -> bool:
        if grant.type == DelegationType.DIRECT:
            return grant.delegatee == agent_id
        return self._pools is not None and agent_id in self._pools.members(grant.delegatee)

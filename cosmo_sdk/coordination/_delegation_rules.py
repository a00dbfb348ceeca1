"""What a delegation is, and what follows from where it comes from: its record, and pure functions of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from cosmo_sdk.coordination._codec import Index, record
from cosmo_sdk.coordination._managing import Outcome
from cosmo_sdk.coordination.events import next_event


class DelegationType:
    """To whom authority is handed."""

    DIRECT = "direct"
    POOLED = "pooled"


def _index(grant: Delegation) -> Index:
    is_active = grant.status == "active"
    return Index("delegation", grant.status, lease_ms=grant.expires_ms if is_active else None)


@record("delegation", _index)
class Delegation(Struct, dict=True, omit_defaults=True):
    """Authority that somebody handed on.

    Attributes:
        id: generated.
        delegator: who gave it.
        delegatee: who has it: an agent, or a pool, whose members of each moment do.
        scope: what it allows.
        type: one of `DelegationType`.
        status: `active`, `revoked` or `expired`; what it comes from may have ended all the same.
        parent: the delegation it comes from, if any.
        depth: how often it may be handed on.
        expires_ms: from when on it is void, epoch milliseconds.
        root: who gave it in the first place.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of it.
    """

    id: str
    delegator: str
    delegatee: str
    scope: list[str]
    type: str = DelegationType.DIRECT
    status: str = "active"
    parent: str | None = None
    depth: int = 0
    expires_ms: int | None = None
    root: str = ""
    trace_id: str | None = None
    root_event_id: str | None = None


def line_of(grants: dict[str, Delegation], delegation_id: str) -> list[Delegation]:
    """A delegation and what it comes from, up to the first. Stops where a parent is missing."""
    line: list[Delegation] = []
    grant = grants.get(delegation_id)
    while grant is not None:
        line.append(grant)
        grant = None if grant.parent is None else grants.get(grant.parent)
    return line


def may_revoke(line: list[Delegation], agent_id: str) -> bool:
    """Whether an agent may end it: who gave it, also further up, or whose it is."""
    renounces = line[0].type == DelegationType.DIRECT and line[0].delegatee == agent_id
    return renounces or agent_id in {grant.delegator for grant in line}


def is_over(grant: Delegation, now_ms: int) -> bool:
    """Whether its time is up. At the end it is."""
    return grant.expires_ms is not None and now_ms >= grant.expires_ms


def ended(grant: Delegation, status: str, now_ms: int, agent_id: str | None) -> Outcome[bool]:
    """It ends."""
    grant.status = status
    body = body_of(grant, status)
    if agent_id is not None:
        body["agent"] = agent_id
    event = next_event(grant, f"delegation.{status}", now_ms, agent_id, body)
    return Outcome(True, grant, [event], reports=[("delegation", status)])


def facts(grant: Delegation) -> dict[str, Any]:
    """What is told of it."""
    return {
        "delegator": grant.delegator,
        "delegatee": grant.delegatee,
        "type": grant.type,
        "scope": list(grant.scope),
        "parent": grant.parent,
        "depth": grant.depth,
        "expires_ms": grant.expires_ms,
    }


def body_of(grant: Delegation, what: str) -> dict[str, Any]:
    """What an event about it carries."""
    return {"event": what, **facts(grant)}

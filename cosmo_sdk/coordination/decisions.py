"""What an agent may decide to do. A language model says the same in JSON, with the name of the decision as `type`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from cosmo_sdk.coordination.errors import CoordinationError
from cosmo_sdk.coordination.models import Task


class Decision(Struct, tag=True, tag_field="type"):
    """Base of all decisions. A subclass of your own needs a handler in the executor."""


class SubmitTask(Decision):
    """Offer a task to agents."""

    task: Task


class ClaimTask(Decision):
    """Try to get a task."""

    task_id: str


class ReportTask(Decision):
    """Report the result of a task."""

    task_id: str
    result: Any = None


class CreatePool(Decision):
    """Make a pool; see `PoolManager.create_pool`."""

    spec: dict[str, Any]


class JoinPool(Decision):
    """Join a pool."""

    pool_id: str


class LeavePool(Decision):
    """Leave a pool."""

    pool_id: str


class SendMessage(Decision):
    """Send a message through the executor's network."""

    message: Any


class SubmitBid(Decision):
    """Bid in an auction."""

    auction_id: str
    amount: Any
    content: Any = None


class Vote(Decision):
    """Vote for an option; for None to abstain."""

    vote_id: str
    option: Any = None


class Propose(Decision):
    """Make another proposal in a negotiation."""

    session_id: str
    proposal_content: Any


class AcceptProposal(Decision):
    """Agree to the current proposal; with `proposal_id` only if it is still that one."""

    session_id: str
    proposal_id: str | None = None


class RejectProposal(Decision):
    """Walk away from a negotiation; with `proposal_id` only if that is still the current proposal."""

    session_id: str
    proposal_id: str | None = None


class Delegate(Decision):
    """Hand authority on; see `DelegationProtocol.delegate`."""

    delegatee_id: str
    scope: Any
    delegation_type: str = "direct"
    expires_in_s: float | None = None
    parent_id: str | None = None
    max_depth: int = 0


class RevokeDelegation(Decision):
    """End a delegation."""

    delegation_id: str


class DecisionResult(Struct):
    """What came of a decision.

    Attributes:
        decision: which.
        ok: it had its effect.
        value: what the call returned.
        error: why it had not: the name of an exception and its words; empty when nothing was wrong.
    """

    decision: Any
    ok: bool
    value: Any = None
    error: str = ""


DECISIONS: dict[str, type[Decision]] = {
    each.__name__: each
    for each in (
        SubmitTask, ClaimTask, ReportTask, CreatePool, JoinPool, LeavePool, SendMessage, SubmitBid, Vote, Propose,
        AcceptProposal, RejectProposal, Delegate, RevokeDelegation,
    )
}  # fmt: skip
"""The decisions by name."""


def decode_decision(data: Any, custom: Iterable[type[Decision]] = ()) -> Decision:
    """A decision from JSON values: a dict with the name as `type`, and the fields. Unknown fields are ignored.

    Args:
        data: the dict; a Decision is returned as it is.
        custom: subclasses of your own that may occur.

    Raises:
        CoordinationError: no decision, of an unknown type, or with fields missing or of the wrong type.
    """
    if isinstance(data, Decision):
        return data
    known = {**DECISIONS, **{each.__name__: each for each in custom}}
    name = data.get("type") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in known:
        raise CoordinationError(
            f"no decision: a dict with a type is, one of {', '.join(known)}; not {data!r:.80}"
        )
    try:
        return msgspec.convert(data, known[name])
    except msgspec.ValidationError as error:
        raise CoordinationError(f"{name}: {error}") from None

"""Doing what agents decide: each decision becomes the call it stands for, in the agent's name."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

from cosmo_sdk.axon import Axon
from cosmo_sdk.coordination import decisions as d
from cosmo_sdk.coordination.consensus import VoteBook
from cosmo_sdk.coordination.decisions import Decision, DecisionResult, decode_decision
from cosmo_sdk.coordination.errors import CoordinationError, NotAuthorizedError
from cosmo_sdk.coordination.metrics import Reporter
from cosmo_sdk.coordination.models import plain
from cosmo_sdk.errors import CosmoError

_logger = logging.getLogger("cosmo_sdk.coordination")

Handler = Callable[[Any], Any]
"""Gets a decision of its type and returns what came of it; may be a coroutine function."""

_HELD = "decisions"


class Executor(Protocol):
    """Whatever does what an agent decides."""

    async def execute(self, decisions: Sequence[Decision]) -> Any:
        """Do it, in order."""
        ...


class Network(Protocol):
    """Whatever sends messages."""

    async def send(self, message: Any) -> Any:
        """Send one."""
        ...


class StandardExecutor:
    """Does what one agent decides, with the managers it is given.

    Args:
        agent_id: in whose name.
        network: sends the messages of `SendMessage`.
        task_manager: where tasks are.
        pool_manager: where pools are.
        metrics_collector: counts decisions as `decision_ok_total` and `decision_failed_total`, with `inc(name)`.
        bidding_protocols: the auctions by id.
        negotiation_protocol: where negotiations are.
        delegation_protocol: where delegations are.
        votes_store: a VoteBook, or a mapping of vote ids to lists that get `(agent, option)` appended.
        custom_handlers: what to do with decisions of your own types.
        allowed: the names of the decisions that may be done; all unless given.

    Managers behind `aio()` work too. A decision whose manager is missing comes to nothing, and the result says so.
    """

    def __init__(
        self,
        agent_id: str,
        network: Network | None,
        task_manager: Any,
        pool_manager: Any,
        metrics_collector: Any = None,
        bidding_protocols: Mapping[str, Any] | None = None,
        negotiation_protocol: Any = None,
        delegation_protocol: Any = None,
        votes_store: MutableMapping[str, list[tuple[str, Any]]] | None = None,
        *,
        custom_handlers: Mapping[type[Decision], Handler] | None = None,
        allowed: Collection[str] | None = None,
    ) -> None:
        self.agent_id = agent_id
        self.network = network
        self.task_manager = task_manager
        self.pool_manager = pool_manager
        self.bidding_protocols = bidding_protocols
        self.negotiation_protocol = negotiation_protocol
        self.delegation_protocol = delegation_protocol
        self.votes_store = votes_store
        self._report = Reporter(metrics_collector)
        self._custom = dict(custom_handlers or {})
        self._allowed = None if allowed is None else frozenset(allowed)
        self._handlers: dict[type[Decision], Handler] = {**self._standard(), **self._custom}

    def _standard(self) -> dict[type[Decision], Handler]:
        me = self.agent_id
        tasks, pools = self._manager("task_manager"), self._manager("pool_manager")
        negotiations = self._manager("negotiation_protocol")
        delegations = self._manager("delegation_protocol")
        return {
            d.SubmitTask: lambda each: tasks().submit(each.task),
            d.ClaimTask: lambda each: tasks().claim(me, each.task_id),
            d.ReportTask: lambda each: tasks().report(me, each.task_id, each.result),
            d.CreatePool: lambda each: pools().create_pool(each.spec),
            d.JoinPool: lambda each: pools().join_pool(me, each.pool_id),
            d.LeavePool: lambda each: pools().leave_pool(me, each.pool_id),
            d.SendMessage: lambda each: self._manager("network")().send(each.message),
            d.SubmitBid: lambda each: self._auction(each.auction_id).submit_bid(
                me, each.amount, each.content
            ),
            d.Vote: self._vote,
            d.Propose: lambda each: negotiations().propose(each.session_id, me, each.proposal_content),
            d.AcceptProposal: lambda each: negotiations().accept(
                each.session_id, me, proposal_id=each.proposal_id
            ),
            d.RejectProposal: lambda each: negotiations().reject(
                each.session_id, me, proposal_id=each.proposal_id
            ),
            d.Delegate: lambda each: delegations().delegate(
                me,
                each.delegatee_id,
                each.scope,
                delegation_type=each.delegation_type,
                expires_in_s=each.expires_in_s,
                parent_id=each.parent_id,
                max_depth=each.max_depth,
            ),
            d.RevokeDelegation: lambda each: delegations().revoke(each.delegation_id, agent_id=me),
        }

    def _manager(self, name: str) -> Callable[[], Any]:
        def find() -> Any:
            manager = getattr(self, name)
            if manager is None:
                raise CoordinationError(f"the executor of {self.agent_id!r} has no {name}")
            return manager

        return find

    def _auction(self, auction_id: str) -> Any:
        auction = (self.bidding_protocols or {}).get(auction_id)
        if auction is None:
            raise CoordinationError(f"the executor of {self.agent_id!r} knows no auction {auction_id!r}")
        return auction

    def _vote(self, vote: d.Vote) -> Any:
        store = self._manager("votes_store")()
        if isinstance(store, VoteBook) or hasattr(store, "cast"):
            return store.cast(vote.vote_id, self.agent_id, vote.option)
        store.setdefault(vote.vote_id, []).append((self.agent_id, vote.option))
        return None

    async def execute(self, decisions: Sequence[Decision | dict[str, Any]]) -> list[DecisionResult]:
        """Do what was decided, strictly in order. One that fails is logged, and the next is done all the same.

        Args:
            decisions: Decisions, or their JSON.

        Returns:
            A result for each.
        """
        results = []
        for given in decisions:
            result = await self._one(given)
            self._report.quietly(self._count, result.ok)
            results.append(result)
        return results

    def _count(self, ok: bool) -> None:
        if self._report.metrics is not None:
            self._report.metrics.inc("decision_ok_total" if ok else "decision_failed_total")

    async def _one(self, given: Decision | dict[str, Any]) -> DecisionResult:
        decision: Any = given
        try:
            decision = decode_decision(given, self._custom)
            value = self._handler_of(decision)(decision)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            # What coordination refuses is said in full by its words; anything else wants to be looked into.
            unexpected = not isinstance(error, CosmoError)
            _logger.warning("a decision of %s came to nothing: %s", self.agent_id, said, exc_info=unexpected)
            return DecisionResult(decision, False, None, said)
        return DecisionResult(decision, value is None or bool(value), value)

    def _handler_of(self, decision: Decision) -> Handler:
        name = type(decision).__name__
        if self._allowed is not None and name not in self._allowed:
            raise NotAuthorizedError(self.agent_id, f"decide {name}")
        handler = self._handlers.get(type(decision))
        if handler is None:
            raise CoordinationError(f"nothing handles {name}: give it to custom_handlers")
        return handler

    # -- within an Axon

    def attach(self, axon: Axon) -> Axon:
        """Have the decisions done that the Axon's Neuron returns, and their results put in its output.

        A Neuron decides by returning a Decision, a list of them, or a dict with a list under `decisions`; each may also be
        the JSON of a Decision. Its output then has the results under `decisions`, each with `type`, `ok`, `value` and
        `error`. Whatever else it returns stays as it is.
        """
        axon.detects_output(self.output_of)
        return axon

    async def output_of(self, result: Any) -> dict[str, Any] | None:
        """The output that stands for what a Neuron returned; None when it decided nothing."""
        decisions = self._decisions_in(result)
        if decisions is None:
            return None
        shown = [_shown(each) for each in await self.execute(decisions)]
        return {**result, _HELD: shown} if isinstance(result, dict) and _HELD in result else {_HELD: shown}

    def _decisions_in(self, result: Any) -> list[Any] | None:
        if isinstance(result, dict) and isinstance(result.get(_HELD), list):
            return list(result[_HELD])
        if self._is_decision(result):
            return [result]
        if isinstance(result, list) and result and all(self._is_decision(each) for each in result):
            return result
        return None

    def _is_decision(self, value: Any) -> bool:
        known = {*d.DECISIONS, *(each.__name__ for each in self._custom)}
        return isinstance(value, Decision) or (isinstance(value, dict) and value.get("type") in known)


def _shown(result: DecisionResult) -> dict[str, Any]:
    name = (
        result.decision.get("type") if isinstance(result.decision, dict) else type(result.decision).__name__
    )
    return {"type": name, "ok": result.ok, "value": plain(result.value), "error": result.error}

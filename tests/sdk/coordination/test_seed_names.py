"""The names that code written for the documented surface relies on, in the modules where it looks for them."""

from __future__ import annotations

import importlib
import inspect
from enum import Enum

import pytest

from cosmo_sdk import coordination
from cosmo_sdk.coordination import (
    AuctionType,
    BiddingProtocol,
    Consensus,
    CoordinationMetrics,
    DelegationProtocol,
    DelegationType,
    NegotiationProtocol,
    NegotiationSession,
    NegotiationState,
    Pool,
    PoolManager,
    Proposal,
    StandardExecutor,
    SubmitBid,
    Task,
    TaskManager,
    TaskState,
    Topic,
    Vote,
    VoteBook,
)

SIGNATURES = {
    PoolManager.__init__: "(self, store: 'Store | None' = None, coordination_metrics: 'Any' = None) -> 'None'",
    PoolManager.get_pools_for_agent: "(self, agent_id: 'str') -> 'list[str]'",
    PoolManager.create_pool: "(self, spec: 'dict[str, Any]') -> 'Pool'",
    PoolManager.leave_pool: "(self, agent_id: 'str', pool_id: 'str') -> 'None'",
    PoolManager.get_pool: "(self, pool_id: 'str') -> 'Pool | None'",
    TaskManager.__init__: (
        "(self, store: 'Store | None' = None, coordination_metrics: 'CoordinationMetrics | None' = None) -> 'None'"
    ),
    TaskManager.submit: "(self, task: 'Task') -> 'str'",
    TaskManager.get_task: "(self, task_id: 'str') -> 'Task | None'",
    TaskManager.refresh_from_store: "(self) -> 'None'",
    TaskManager.claim: "(self, agent_id: 'str', task_id: 'str') -> 'bool'",
    TaskManager.cancel_task: "(self, task_id: 'str') -> 'bool'",
    TaskManager.fail_task: "(self, task_id: 'str', reason: 'Any', *, agent_id: 'str | None' = None) -> 'None'",
    TaskManager.release_expired_claims: "(self, now_ts: 'float') -> 'list[str]'",
    TaskManager.report: "(self, agent_id: 'str', task_id: 'str', result: 'Any') -> 'None'",
    TaskManager.wait_until_done: "(self, task_id: 'str', timeout: 'float') -> 'Task | None'",
    TaskManager.list_pending_tasks: "(self, *, refresh_from_store: 'bool' = False) -> 'list[Task]'",
    TaskManager.list_pending_tasks_for_agent: (
        "(self, agent_id: 'str', pool_ids: 'list[str] | None' = None, capabilities: 'list[str] | None' = None, "
        "topics: 'list[Topic] | None' = None, *, sort_by_priority: 'bool' = False, "
        "refresh_from_store: 'bool' = False) -> 'list[Task]'"
    ),
    NegotiationProtocol: "() -> 'None'",
    NegotiationProtocol.create_session: (
        "(self, initiator_id: 'str', participants: 'list[str]', initial_proposal: 'Any') -> 'str'"
    ),
    NegotiationProtocol.propose: "(self, session_id: 'str', agent_id: 'str', content: 'Any') -> 'bool'",
    NegotiationProtocol.get_session: "(self, session_id: 'str') -> 'NegotiationSession | None'",
    Proposal: (
        "(id: 'str' = <factory>, proposer_id: 'str' = '', content: 'Any' = None, timestamp: 'float' = 0.0) -> None"
    ),
    NegotiationSession: (
        "(id: 'str' = <factory>, participants: 'list[str]' = <factory>, history: 'list[Proposal]' = <factory>, "
        "state: 'NegotiationState' = <NegotiationState.PROPOSED: 'proposed'>, "
        "current_proposal: 'Proposal | None' = None) -> None"
    ),
    BiddingProtocol.__init__: "(self, auction_type: 'str' = 'first_price_sealed_bid') -> 'None'",
    BiddingProtocol.resolve: "(self) -> 'str | None'",
    DelegationProtocol: "() -> 'None'",
    CoordinationMetrics: "(collector: 'Collector') -> 'None'",
}

MODULES = {
    "bidding": ["AuctionResult", "AuctionRules", "AuctionType", "BidCheck", "BiddingProtocol"],
    "clock": ["Clock", "ManualClock", "SystemClock"],
    "consensus": ["Consensus", "VoteBook", "VoteResult"],
    "decisions": [
        "Decision",
        "DecisionResult",
        "SubmitBid",
        "Vote",
        "Propose",
        "Delegate",
        "RevokeDelegation",
    ],
    "delegation": ["DelegationProtocol", "DelegationType"],
    "errors": ["CoordinationError", "NotAuthorizedError", "StoreBusyError"],
    "executor": ["Executor", "StandardExecutor"],
    "metrics": ["CoordinationMetrics", "MetricsCollector"],
    "models": ["Pool", "Task", "TaskState", "Topic"],
    "negotiation": [
        "NegotiationProtocol",
        "NegotiationRules",
        "NegotiationSession",
        "NegotiationState",
        "Proposal",
    ],
    "pool_manager": ["PoolManager"],
    "store": ["CompatStore", "MemoryStore", "SqliteStore", "Store"],
    "task_manager": ["Claim", "TaskManager"],
}


@pytest.mark.parametrize("callable_", SIGNATURES, ids=lambda each: each.__qualname__)
def test_signatures(callable_):
    assert str(inspect.signature(callable_)) == SIGNATURES[callable_]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_is_in_its_module_and_at_the_root(module):
    found = importlib.import_module(f"cosmo_sdk.coordination.{module}")
    for name in MODULES[module]:
        assert getattr(found, name) is getattr(coordination, name)
        assert name in coordination.__all__


def test_constants():
    assert [state.value for state in NegotiationState] == [
        "proposed",
        "countered",
        "accepted",
        "rejected",
        "closed",
    ]
    assert issubclass(NegotiationState, Enum)
    for constants, names in (
        (AuctionType, ["FIRST_PRICE_SEALED_BID", "SECOND_PRICE_SEALED_BID", "ENGLISH", "DUTCH"]),
        (DelegationType, ["DIRECT", "POOLED"]),
    ):
        assert constants.__mro__ == (constants, object)
        assert [getattr(constants, name) for name in names] == [name.lower() for name in names]
    assert inspect.iscoroutinefunction(TaskManager.wait_until_done)


def test_what_porting_code_finds():
    for callable_, positional in (
        (Consensus.majority_vote, ["votes"]),
        (Consensus.plurality_vote, ["votes"]),
        (BiddingProtocol.submit_bid, ["self", "agent_id", "amount", "content"]),
        (NegotiationProtocol.accept, ["self", "session_id", "agent_id"]),
        (NegotiationProtocol.reject, ["self", "session_id", "agent_id"]),
        (PoolManager.join_pool, ["self", "agent_id", "pool_id"]),
        (DelegationProtocol.delegate, ["self", "delegator_id", "delegatee_id", "scope"]),
        (DelegationProtocol.revoke, ["self", "delegation_id"]),
        (SubmitBid, ["auction_id", "amount", "content"]),
        (Vote, ["vote_id", "option"]),
        (
            StandardExecutor,
            [
                "agent_id",
                "network",
                "task_manager",
                "pool_manager",
                "metrics_collector",
                "bidding_protocols",
                "negotiation_protocol",
                "delegation_protocol",
                "votes_store",
            ],
        ),
        (Topic, ["namespace", "attributes", "version"]),
        (Pool, ["id", "topics", "admission_policy", "governance", "agents", "created_ms", "trace_id"]),
    ):
        parameters = inspect.signature(callable_).parameters.values()
        found = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        assert found[: len(positional)] == positional
    auction = BiddingProtocol()
    assert (auction.auction_type, auction.bids, auction.active) == ("first_price_sealed_bid", {}, True)
    assert NegotiationProtocol().sessions == {}
    assert DelegationProtocol().delegations == {}
    assert (TaskManager().tasks, TaskManager().pending_task_ids, PoolManager().pools) == ({}, set(), {})
    assert len(VoteBook()) == 0


def test_the_fields_of_a_task_come_in_their_order():
    task = Task(
        "t", {}, {}, None, {}, "default", TaskState.PENDING, None, None, None, "p", Topic("n"), ["x"], 3
    )
    assert (task.pool_id, task.topic, task.required_capabilities, task.priority) == (
        "p",
        Topic("n"),
        ["x"],
        3,
    )
    assert Task().id != Task().id

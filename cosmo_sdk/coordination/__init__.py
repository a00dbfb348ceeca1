"""Pools of agents, tasks with one holder each, negotiation, votes, auctions and delegation.

Everything works on a `Store`: `MemoryStore` for one process, `SqliteStore` for any number on one machine,
`PostgresStore` for any number of machines.
"""

from cosmo_sdk.coordination._managing import Sink
from cosmo_sdk.coordination._sweeping import aio, run_claim_sweeper
from cosmo_sdk.coordination.bidding import (
    AuctionResult,
    AuctionRules,
    AuctionType,
    BidCheck,
    BiddingProtocol,
)
from cosmo_sdk.coordination.bus_auction import BusAuctioneer
from cosmo_sdk.coordination.clock import Clock, ManualClock, SystemClock
from cosmo_sdk.coordination.consensus import Consensus, VoteBook, VoteResult
from cosmo_sdk.coordination.decisions import (
    AcceptProposal,
    ClaimTask,
    CreatePool,
    Decision,
    DecisionResult,
    Delegate,
    JoinPool,
    LeavePool,
    Propose,
    RejectProposal,
    ReportTask,
    RevokeDelegation,
    SendMessage,
    SubmitBid,
    SubmitTask,
    Vote,
    decode_decision,
)
from cosmo_sdk.coordination.delegation import DelegationProtocol, DelegationType
from cosmo_sdk.coordination.errors import (
    CoordinationError,
    ExistsError,
    NotAuthorizedError,
    ScopeError,
    StateError,
    StoreBusyError,
    StoreCorruptError,
)
from cosmo_sdk.coordination.events import EVENT_KINDS, Event
from cosmo_sdk.coordination.executor import Executor, StandardExecutor
from cosmo_sdk.coordination.metrics import CoordinationMetrics, MetricsCollector
from cosmo_sdk.coordination.mirror import BusMirror
from cosmo_sdk.coordination.models import Pool, Task, TaskState, Topic
from cosmo_sdk.coordination.negotiation import (
    NegotiationProtocol,
    NegotiationRules,
    NegotiationSession,
    NegotiationState,
    Proposal,
)
from cosmo_sdk.coordination.pool_manager import PoolManager
from cosmo_sdk.coordination.store import (
    CompatStore,
    Index,
    MemoryStore,
    PostgresStore,
    SqliteStore,
    Store,
    open_store,
)
from cosmo_sdk.coordination.task_manager import Claim, TaskManager

__all__ = [
    "EVENT_KINDS",
    "AcceptProposal",
    "AuctionResult",
    "AuctionRules",
    "AuctionType",
    "BidCheck",
    "BiddingProtocol",
    "BusAuctioneer",
    "BusMirror",
    "Claim",
    "ClaimTask",
    "Clock",
    "CompatStore",
    "Consensus",
    "CoordinationError",
    "CoordinationMetrics",
    "CreatePool",
    "Decision",
    "DecisionResult",
    "Delegate",
    "DelegationProtocol",
    "DelegationType",
    "Event",
    "Executor",
    "ExistsError",
    "Index",
    "JoinPool",
    "LeavePool",
    "ManualClock",
    "MemoryStore",
    "MetricsCollector",
    "NegotiationProtocol",
    "NegotiationRules",
    "NegotiationSession",
    "NegotiationState",
    "NotAuthorizedError",
    "Pool",
    "PoolManager",
    "PostgresStore",
    "Proposal",
    "Propose",
    "RejectProposal",
    "ReportTask",
    "RevokeDelegation",
    "ScopeError",
    "SendMessage",
    "Sink",
    "SqliteStore",
    "StandardExecutor",
    "StateError",
    "Store",
    "StoreBusyError",
    "StoreCorruptError",
    "SubmitBid",
    "SubmitTask",
    "SystemClock",
    "Task",
    "TaskManager",
    "TaskState",
    "Topic",
    "Vote",
    "VoteBook",
    "VoteResult",
    "aio",
    "decode_decision",
    "open_store",
    "run_claim_sweeper",
]

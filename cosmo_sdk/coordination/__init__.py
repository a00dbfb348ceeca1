"""Pools of agents, tasks with one holder each, negotiation, votes, auctions and delegation.

Everything works on a `Store`: `MemoryStore` for one process, `SqliteStore` for any number on one machine.
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
from cosmo_sdk.coordination.clock import Clock, ManualClock, SystemClock
from cosmo_sdk.coordination.consensus import Consensus, VoteBook, VoteResult
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
from cosmo_sdk.coordination.metrics import CoordinationMetrics, MetricsCollector
from cosmo_sdk.coordination.models import Pool, Task, TaskState, Topic
from cosmo_sdk.coordination.negotiation import (
    NegotiationProtocol,
    NegotiationRules,
    NegotiationSession,
    NegotiationState,
    Proposal,
)
from cosmo_sdk.coordination.pool_manager import PoolManager
from cosmo_sdk.coordination.store import CompatStore, Index, MemoryStore, SqliteStore, Store
from cosmo_sdk.coordination.task_manager import Claim, TaskManager

__all__ = [
    "EVENT_KINDS",
    "AuctionResult",
    "AuctionRules",
    "AuctionType",
    "BidCheck",
    "BiddingProtocol",
    "Claim",
    "Clock",
    "CompatStore",
    "Consensus",
    "CoordinationError",
    "CoordinationMetrics",
    "Event",
    "ExistsError",
    "Index",
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
    "Proposal",
    "ScopeError",
    "Sink",
    "SqliteStore",
    "StateError",
    "Store",
    "StoreBusyError",
    "StoreCorruptError",
    "SystemClock",
    "Task",
    "TaskManager",
    "TaskState",
    "Topic",
    "VoteBook",
    "VoteResult",
    "aio",
    "run_claim_sweeper",
]

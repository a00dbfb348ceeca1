"""The Cosmonapse protocol for Python agents: Signals, the bus, Dendrites and what they host."""

from cosmo_sdk.axon import Axon, ContextFetcher, NeuronFn
from cosmo_sdk.bidding import SELECTS, Bid, Select, choose_winner
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock, SystemClock
from cosmo_sdk.dendrite import Cortex, Dendrite, Role
from cosmo_sdk.engram import (
    Engram,
    EngramBinding,
    EngramCancelled,
    EngramClient,
    EngramError,
    EngramNotBound,
    EngramOverloaded,
    EngramTimeout,
    Hit,
    ImprintReceipt,
    InMemoryEngram,
    RecallResult,
    SqliteEngram,
)
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import (
    CosmoError,
    DendriteProtocolError,
    EnvelopeError,
    NoBids,
    PathwayClosedError,
    PathwayShutDown,
    PathwayStopped,
    RegistryRequired,
    RoleError,
    SynapseError,
)
from cosmo_sdk.hooks import LifecycleHooks, RefreshEvent
from cosmo_sdk.ids import Ids, new_engram_id, new_event_id, new_trace_id
from cosmo_sdk.pathway import Pathway, Scope
from cosmo_sdk.registry import MemoryRegistryStore, NeuronRecord, RegistryStore, SqliteRegistryStore
from cosmo_sdk.retry import RetryStrategy, default_retry_on
from cosmo_sdk.signal_types import (
    AXON_TYPES,
    MANAGEMENT_TYPES,
    PATHWAY_TYPES,
    SYNAPSE_TYPES,
    TERMINAL_TYPES,
    SignalType,
)
from cosmo_sdk.synapse import DevSynapse, MemorySynapse, connect_synapse, synapse_from_url
from cosmo_sdk.synapse.base import Subscription, Synapse

CortexProtocolError = DendriteProtocolError
"""The name of `DendriteProtocolError` in early releases."""

__all__ = [
    "AXON_TYPES",
    "MANAGEMENT_TYPES",
    "PATHWAY_TYPES",
    "SELECTS",
    "SYNAPSE_TYPES",
    "SYSTEM_CLOCK",
    "TERMINAL_TYPES",
    "Axon",
    "Bid",
    "Clock",
    "ContextFetcher",
    "Cortex",
    "CortexProtocolError",
    "CosmoError",
    "Dendrite",
    "DendriteProtocolError",
    "DevSynapse",
    "Directed",
    "Engram",
    "EngramBinding",
    "EngramCancelled",
    "EngramClient",
    "EngramError",
    "EngramNotBound",
    "EngramOverloaded",
    "EngramTimeout",
    "EnvelopeError",
    "Hit",
    "Ids",
    "ImprintReceipt",
    "InMemoryEngram",
    "LifecycleHooks",
    "MemoryRegistryStore",
    "MemorySynapse",
    "NeuronFn",
    "NeuronRecord",
    "NoBids",
    "Pathway",
    "PathwayClosedError",
    "PathwayShutDown",
    "PathwayStopped",
    "RecallResult",
    "RefreshEvent",
    "RegistryRequired",
    "RegistryStore",
    "RetryStrategy",
    "Role",
    "RoleError",
    "Scope",
    "Select",
    "Signal",
    "SignalType",
    "SqliteEngram",
    "SqliteRegistryStore",
    "Subscription",
    "Synapse",
    "SynapseError",
    "SystemClock",
    "choose_winner",
    "connect_synapse",
    "default_retry_on",
    "new_engram_id",
    "new_event_id",
    "new_trace_id",
    "synapse_from_url",
]

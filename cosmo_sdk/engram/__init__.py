"""What is remembered: memories, where they keep things, and how they are asked (PROTOCOL 8)."""

from cosmo_sdk.engram.base import (
    Engram,
    EngramBinding,
    EngramCancelled,
    EngramError,
    EngramNotBound,
    EngramOverloaded,
    EngramTimeout,
    Hit,
    Hits,
    ImprintReceipt,
    RecallResult,
    RollbackIncomplete,
)
from cosmo_sdk.engram.client import EngramClient
from cosmo_sdk.engram.memory import InMemoryEngram
from cosmo_sdk.engram.served import ServedEngram
from cosmo_sdk.engram.sqlite import SqliteEngram

__all__ = [
    "Engram",
    "EngramBinding",
    "EngramCancelled",
    "EngramClient",
    "EngramError",
    "EngramNotBound",
    "EngramOverloaded",
    "EngramTimeout",
    "Hit",
    "Hits",
    "ImprintReceipt",
    "InMemoryEngram",
    "RecallResult",
    "RollbackIncomplete",
    "ServedEngram",
    "SqliteEngram",
]

"""Who is there: records of participants, and where they are kept (PROTOCOL 9)."""

from cosmo_sdk.registry.base import NeuronRecord, RegistryStore
from cosmo_sdk.registry.memory import MemoryRegistryStore
from cosmo_sdk.registry.sqlite import SqliteRegistryStore

__all__ = ["MemoryRegistryStore", "NeuronRecord", "RegistryStore", "SqliteRegistryStore"]

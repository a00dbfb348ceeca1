"""Where records live: versions that are compared and swapped, and the events that tell of every change.

    Store         the protocol: everything a manager needs
    MemoryStore   one process
    SqliteStore   any number of processes of one machine, on a file
    PostgresStore any number of machines, in a PostgreSQL database (extra `postgres`)
    CompatStore   wraps a store that has only put, get, delete, list and put_if_absent, for one process

Every mutation is a `commit`: it writes one key if that still has the version that was read, together with the events
that tell of it. From this one rule follows that of any number of callers exactly one wins.
"""

from __future__ import annotations

from pathlib import Path

from cosmo_sdk.coordination._codec import NEXT_SEQ, Index
from cosmo_sdk.coordination._store_base import Amend, Amendment, BaseStore, Order, Row, Store
from cosmo_sdk.coordination._store_compat import CompatStore, SimpleStore
from cosmo_sdk.coordination._store_memory import MemoryStore
from cosmo_sdk.coordination._store_sqlite import SqliteStore
from cosmo_sdk.coordination.store_pg import PostgresStore

__all__ = [
    "NEXT_SEQ",
    "Amend",
    "Amendment",
    "BaseStore",
    "CompatStore",
    "Index",
    "MemoryStore",
    "Order",
    "PostgresStore",
    "Row",
    "SimpleStore",
    "SqliteStore",
    "Store",
    "open_store",
]


def open_store(where: str | Path, *, create: bool = True) -> SqliteStore | PostgresStore:
    """The store at a place that somebody named.

    Args:
        where: `postgresql://user@host:port/database`, or the path of a SQLite file.
        create: whether to make it when it is not there.

    Raises:
        FileNotFoundError: it is not there, and `create` is false.
        OSError: it cannot be reached.
        StoreCorruptError: there is something else.
        ModuleNotFoundError: it needs a package that is not installed.
    """
    if str(where).startswith(("postgresql://", "postgres://")):
        return PostgresStore(str(where), create=create)
    if not create and not Path(where).is_file():
        raise FileNotFoundError(f"{where}: no such file")
    return SqliteStore(where)

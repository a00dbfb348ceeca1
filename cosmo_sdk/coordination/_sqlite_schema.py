"""The tables of a SqliteStore."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cosmo_sdk.coordination.errors import StoreCorruptError
from cosmo_sdk.ids import ULIDS

VERSION = "1"
"""Of the tables; a file that has another one is not touched."""

_TABLES = (
    """CREATE TABLE IF NOT EXISTS kv(
        key TEXT PRIMARY KEY, kind TEXT NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL,
        state TEXT, pool_id TEXT, priority INTEGER, seq INTEGER, lease_ms INTEGER, updated_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS kv_pending ON kv(kind, priority DESC, key) WHERE state='pending'",
    "CREATE INDEX IF NOT EXISTS kv_lease ON kv(kind, lease_ms) WHERE lease_ms IS NOT NULL",
    """CREATE TABLE IF NOT EXISTS events(
        rev INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ts_ms INTEGER NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, actor TEXT, body BLOB NOT NULL, published INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS events_published ON events(rev) WHERE published=1",
    "CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT",
)

_NETWORKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "ceph"})
_LAST = chr(0x10FFFF)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing.

    Raises:
        StoreCorruptError: the tables are of another version.
    """
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone()
    if known is None:
        for statement in _TABLES:
            connection.execute(statement)
        connection.executemany(
            "INSERT OR IGNORE INTO meta VALUES (?,?)",
            [("schema_version", VERSION), ("store_id", ULIDS.next()), ("seq", "0")],
        )
    found = connection.execute("SELECT v FROM meta WHERE k='schema_version'").fetchone()
    if found is None or found[0] != VERSION:
        raise StoreCorruptError(
            "schema_version", f"the tables are of version {found and found[0]}, this release knows {VERSION}"
        )


def read_store_id(connection: sqlite3.Connection) -> str:
    """What tells this file apart from others."""
    [store_id] = connection.execute("SELECT v FROM meta WHERE k='store_id'").fetchone()
    return str(store_id)


def next_seq(connection: sqlite3.Connection) -> int:
    """The next place in the order of submission. To be called in a writing transaction."""
    [number] = connection.execute(
        "UPDATE meta SET v=CAST(v AS INTEGER)+1 WHERE k='seq' RETURNING CAST(v AS INTEGER)"
    ).fetchone()
    return int(number)


def next_prefix(prefix: str) -> str:
    """The smallest text above every one that begins with the prefix; empty when there is none."""
    cut = prefix.rstrip(_LAST)
    if not cut:
        return ""
    after = ord(cut[-1]) + 1
    # No text has surrogates.
    return cut[:-1] + chr(0xE000 if 0xD800 <= after < 0xE000 else after)


def check_path(path: str) -> None:
    """Refuse what several processes could not share.

    Raises:
        ValueError: in memory, or on a file system of a network.
    """
    if path in ("", ":memory:"):
        raise ValueError("SqliteStore needs a file; for one process in memory there is MemoryStore()")
    kind = _file_system(Path(path).absolute().parent)
    if kind in _NETWORKS:
        raise ValueError(
            f"{path} is on a network ({kind}), where SQLite cannot lock; use a local file, or PostgresStore"
        )


def _file_system(directory: Path) -> str:
    """The type of the file system a directory is on; empty where the system does not tell."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for fields in (line.split() for line in mounts):
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if len(point) >= len(best) and directory.is_relative_to(point):
            best, kind = point, fields[2]
    return kind

"""The tables of a PostgresStore."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, LiteralString

from cosmo_sdk.coordination.errors import StoreCorruptError
from cosmo_sdk.ids import ULIDS

if TYPE_CHECKING:
    from psycopg import Connection

VERSION = "1"
"""Of the tables; those of another one are not touched."""

_ONE_AT_A_TIME = 7_083_114_606_211_901_817
"""Of the advisory lock under which tables are made: `IF NOT EXISTS` alone fails when two do so at once."""

_TABLES: tuple[LiteralString, ...] = (
    # "C": keys are ordered by code points, as everywhere else.
    """CREATE TABLE IF NOT EXISTS kv(
        key text COLLATE "C" PRIMARY KEY, kind text NOT NULL, value bytea NOT NULL, version bigint NOT NULL,
        state text, pool_id text, priority bigint NOT NULL, seq bigint, lease_ms bigint, updated_ms bigint NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS kv_pending ON kv(kind, priority DESC, key) WHERE state='pending'",
    "CREATE INDEX IF NOT EXISTS kv_lease ON kv(kind, seq) WHERE lease_ms IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS kv_kind ON kv(kind, state)",
    """CREATE TABLE IF NOT EXISTS events(
        rev bigint PRIMARY KEY, id text NOT NULL UNIQUE, ts_ms bigint NOT NULL, kind text NOT NULL,
        subject text NOT NULL, actor text, body bytea NOT NULL
    )""",
    # Small rows that are written all the time: room to do so where they are.
    "CREATE TABLE IF NOT EXISTS counter(name text PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor=10)",
    "CREATE TABLE IF NOT EXISTS meta(k text PRIMARY KEY, v text NOT NULL)",
)


def check_schema(name: str) -> str:
    """A name that may stand in SQL as it is.

    Raises:
        ValueError: it may not.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"schema={name!r}: small letters, digits and _, at most 63")
    return name


def prepare(connection: Connection[Any], schema: LiteralString, *, create: bool) -> str:
    """See to it that the tables are there.

    Returns:
        The id of the store.

    Raises:
        StoreCorruptError: the tables are of another version, or the database cannot keep every text.
        FileNotFoundError: they are not there, and are not to be made.
    """
    [encoding] = _one(connection.execute("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StoreCorruptError(
            "server_encoding", f"the database keeps text as {encoding}; one with ENCODING 'UTF8' is needed"
        )
    if _one(connection.execute("SELECT to_regclass(%s)", (f"{schema}.meta",)))[0] is None:
        if not create:
            raise FileNotFoundError(f"no coordination store there (schema {schema})")
        _create(connection, schema)
    found = dict(connection.execute("SELECT k, v FROM meta").fetchall())
    if found.get("schema_version") != VERSION:
        raise StoreCorruptError(
            "schema_version",
            f"the tables are of version {found.get('schema_version')}, this release knows {VERSION}",
        )
    return str(found["store_id"])


def _create(connection: Connection[Any], schema: LiteralString) -> None:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO meta VALUES ('schema_version', %s), ('store_id', %s) ON CONFLICT DO NOTHING",
            (VERSION, ULIDS.next()),
        )
        connection.execute(
            "INSERT INTO counter VALUES ('rev', 0), ('seq', 0), ('published', 0) ON CONFLICT DO NOTHING"
        )


def _one(cursor: Any) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)

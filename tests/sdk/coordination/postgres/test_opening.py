"""What PostgresStore does not open or keep, in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from cosmo_sdk.coordination import PostgresStore, StoreCorruptError, Task, open_store
from tests.contracts.coordination_store import broken


def test_broken_records_are_named(open_postgres):
    store = open_postgres()
    store.put("task:t", Task("t"))

    def write(data: bytes) -> None:
        with store._connections._lent() as connection:
            connection.execute("UPDATE kv SET value=%s", (data,))

    broken(store, "task:t", write)


def test_tables_of_another_version_are_left_alone(open_postgres):
    with open_postgres()._connections._lent() as connection:
        connection.execute("UPDATE meta SET v='2' WHERE k='schema_version'")
    with pytest.raises(StoreCorruptError, match="version 2"):
        open_postgres()


def test_a_database_that_cannot_keep_every_text_is_refused(postgres):
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    with pytest.raises(StoreCorruptError, match="LATIN1"):
        PostgresStore(postgres.url("latin"))


def test_what_is_not_there_is_only_made_when_wanted(postgres, url):
    with pytest.raises(FileNotFoundError, match="no coordination store"):
        open_store(url, create=False)
    store = open_store(url)
    again = open_store(url.replace("postgresql://", "postgres://"), create=False)
    assert store.store_id == again.store_id
    store.close()
    again.close()


def test_two_schemas_are_two_stores(postgres):
    one, other = (PostgresStore(postgres.url(), schema=f"pair{number}") for number in (1, 2))
    one.put("k", 1)
    assert other.get("k") is None
    assert one.store_id != other.store_id
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("url", "options", "error", "words"),
    [
        ("postgresql://u:geheim@127.0.0.1:1/db", {}, ConnectionError, "127.0.0.1/db cannot be reached"),
        ("postgresql://h/db?what=ever", {}, ValueError, "postgresql://user@host:port/database"),
        ("postgresql://u:geheim@[::1]x/db", {}, ValueError, "postgresql://user@host:port/database"),
        (17, {}, TypeError, "url must be a str, not int"),
        ("postgresql://h/db", {"schema": "No; DROP"}, ValueError, "small letters"),
        ("postgresql://h/db", {"busy_timeout_ms": 0}, ValueError, "busy_timeout_ms"),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(url, options, error, words):
    with pytest.raises(error, match=words) as raised:
        PostgresStore(url, **options)
    assert "geheim" not in str(raised.value)


def test_a_password_is_in_no_repr(postgres):
    store = PostgresStore(postgres.url().replace("postgres@", "postgres:geheim@"))
    assert repr(store).startswith("PostgresStore('")
    assert "geheim" not in repr(store)
    store.close()


def test_who_may_not_write_is_told_so(postgres, url):
    PostgresStore(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA cosmo_coordination TO reader")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA cosmo_coordination TO reader")
    store = PostgresStore(url.replace("postgres@", "reader@"))
    assert store.get("k") is None
    with pytest.raises(PermissionError, match="permission denied"):
        store.put("k", 1)
    store.close()
    store = PostgresStore(f"{url}&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(ConnectionError, match="takes no writes"):
        store.put("k", 1)
    store.close()


def test_text_that_postgresql_cannot_keep_is_refused(store):
    for key in ("nul\x00", "\ud800"):
        with pytest.raises(ValueError, match=r"NUL|surrogates"):
            store.put(key, 1)
    with pytest.raises(ValueError, match="PostgreSQL cannot keep that"):
        store.put("task:t", Task("t", priority=1 << 63))
    assert store.list() == []


def test_without_psycopg_it_is_said_what_to_install():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from cosmo_sdk.coordination import PostgresStore\n"
        "try: PostgresStore('postgresql://localhost/db')\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "PostgresStore needs psycopg: pip install 'cosmo-doppler[postgres]'\n"


def test_coordination_alone_imports_no_driver():
    program = "import sys, cosmo_sdk.coordination; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_server_of_these_tests_runs_as_no_root(postgres):
    assert Path(f"/proc/{postgres._process.pid}").stat().st_uid != 0

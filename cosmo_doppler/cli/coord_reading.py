"""What a coordination store holds, as `cosmo coord` shows it. What the rules keep back is kept back here, too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.settings import without_login
from cosmo_doppler.tui.safe import pad, safe
from cosmo_sdk.coordination import Event, SqliteStore, StoreBusyError, StoreCorruptError, open_store
from cosmo_sdk.coordination._codec import index_of
from cosmo_sdk.coordination.public import PREFIXES, public
from cosmo_sdk.coordination.store import BaseStore


def shown(where: str) -> str:
    """The name of a store, without a password."""
    return without_login(where.partition("?")[0]) if "://" in where else where


@contextmanager
def opened(where: str) -> Iterator[BaseStore]:
    """A store that is there, for a `with` block. What is none is not touched.

    Raises:
        CommandError: there is none, or it cannot be reached or read.
    """
    try:
        store: BaseStore = (
            open_store(where, create=False) if "://" in where else SqliteStore(_checked(Path(where)))
        )
        try:
            yield store
        finally:
            store.close()
    except FileNotFoundError as error:
        raise CommandError(
            f"{shown(where)}: {error}", "name the database that PostgresStore(url) was given"
        ) from None
    except ConnectionError as error:
        raise CommandError(str(error), "check the URL", Exit.UNREACHABLE) from None
    except StoreBusyError as error:
        raise CommandError(str(error), "try again") from None
    except ModuleNotFoundError as error:
        what, _, remedy = str(error).partition(": ")
        raise CommandError(what, remedy) from None
    except (OSError, StoreCorruptError, ValueError) as error:
        raise CommandError(f"{shown(where)}: {error}", "is this the store that you mean?") from None


def _checked(path: Path) -> Path:
    if not path.is_file():
        raise CommandError(f"{path}: no such file", "name the file that SqliteStore(path) was given")
    try:
        looking = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            known = looking.execute("SELECT 1 FROM meta WHERE k='store_id'").fetchone()
        finally:
            looking.close()
    except sqlite3.Error:
        known = None
    if known is None:
        raise CommandError(
            f"{path} is no coordination store", "name the file that SqliteStore(path) was given"
        )
    return path


def objects(store: BaseStore, kind: str, state: str | None, limit: int) -> Iterator[dict[str, Any]]:
    """Up to `limit` objects of a kind as rows: `kind`, `id`, `state`, `version`, `about`."""
    for key, record, version in store.scan(kind, state=state, limit=limit):
        yield {
            "kind": kind,
            "id": key.removeprefix(PREFIXES[kind]),
            "state": index_of(record).state or "",
            "version": version,
            "about": _ABOUT[kind](record),
        }


def find(store: BaseStore, name: str) -> list[tuple[str, str, Any, int]]:
    """The objects with this id, or this id behind its kind (`task/t1`): kind, id, public state and version."""
    wanted, _, rest = name.partition("/")
    named = [(wanted, rest)] if rest and wanted in PREFIXES else []
    found = []
    for kind, subject in [*named, *[(kind, name) for kind in PREFIXES]]:
        versioned = store.get_versioned(PREFIXES[kind] + subject)
        if versioned is not None:
            found.append((kind, subject, public(versioned[0]), versioned[1]))
    return found


def history(store: BaseStore, kind: str, subject: str) -> Iterator[tuple[int, Event]]:
    """The events about one object, oldest first."""
    for revision, event in events(store, 0):
        if event.subject == subject and event.kind.partition(".")[0] == kind:
            yield revision, event


def events(store: BaseStore, after: int) -> Iterator[tuple[int, Event]]:
    """The events that there are after a revision, oldest first."""
    while batch := store.events(after):
        yield from batch
        after = batch[-1][0]


def event_facts(revision: int, event: Event) -> dict[str, Any]:
    """An event for programs."""
    return {
        "rev": revision,
        "id": event.id,
        "ts_ms": event.ts_ms,
        "kind": event.kind,
        "subject": event.subject,
        "actor": event.actor,
        "trace_id": event.trace_id,
        "parent": event.parent,
        "body": event.body,
    }


def event_line(revision: int, event: Event) -> str:
    """An event for people, in one line."""
    when = datetime.fromtimestamp(event.ts_ms / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
    kind, subject = pad(safe(event.kind, 60), 22), pad(safe(event.subject, 200), 30)
    return f"{revision:>7}  {when}  {kind}  {subject}  {pad(safe(event.actor or '-', 100), 16)}  {_told(event.body)}".rstrip()


def _told(body: dict[str, Any]) -> str:
    facts = dict(body)
    for nested in ("input", "auction", "negotiation", "vote"):
        facts.update(body[nested] if isinstance(body.get(nested), dict) else {})
    shown = [
        f"{name}={value}"
        for name, value in facts.items()
        if isinstance(value, str | int | float) and name not in _SAID_BEFORE
    ]
    return safe("  ".join(shown), 160)


_SAID_BEFORE = frozenset({"event", "agent", "coord", "id", "auction_id", "vote_id"})
"""What a line says in other words."""


def _people(agents: Any) -> str:
    names = sorted(agents)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _task(task: Any) -> str:
    holder = f"{task.assigned_to}, attempt {task.attempt}, " if task.assigned_to else ""
    return f"{holder}priority {task.priority}"


def _vote(ballot: Any) -> str:
    voters = len({agent for agent, _ in ballot.records})
    of = "" if ballot.eligible is None else f" of {len(ballot.eligible)}"
    ended = "" if ballot.result is None else f", {ballot.result.status}"
    return f"{ballot.method}, {voters}{of} voted{ended}{', secret' if ballot.secret else ''}"


def _auction(auction: Any) -> str:
    result = auction.result
    bids = f"{auction.type}, {_count(len(auction.bids), 'bidder')}"
    if result is None:
        return bids
    return f"{bids}, {result.winner} for {result.price:g}" if result.winner else f"{bids}, {result.reason}"


_ABOUT: dict[str, Callable[[Any], str]] = {
    "pool": lambda pool: (
        f"{len(pool.agents)} agents: {_people(pool.agents)}" if pool.agents else "nobody in it"
    ),
    "task": _task,
    "negotiation": lambda session: (
        f"{_people(session.participants)}, {_count(len(session.history), 'proposal')}"
    ),
    "vote": _vote,
    "auction": _auction,
    "delegation": lambda grant: f"{grant.delegator} to {grant.delegatee}: {', '.join(grant.scope)}",
}

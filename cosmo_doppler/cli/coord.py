"""`cosmo coord`: look into a coordination store, and show it on a bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import bus_options, examples, for_option, json_option
from cosmo_doppler.cli.output import say, show, show_json
from cosmo_doppler.cli.running import run, until_interrupted

if TYPE_CHECKING:
    from cosmo_sdk.coordination import SqliteStore

LOOK_S = 0.2
"""How often a store is asked for news."""

KINDS = ("pool", "task", "negotiation", "vote", "auction", "delegation")


def db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--db`: which store."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path),
        required=True,
        metavar="FILE",
        help="The file of the SqliteStore.",
    )(command)


@click.group()
def command() -> None:
    """Pools, tasks, votes, negotiations, auctions and delegations of a store."""


@command.command(
    name="ls",
    epilog=examples(
        "cosmo coord ls --db work.db",
        "cosmo coord ls --db work.db --kind task --state pending",
        "cosmo coord ls --db work.db --json | jq -r '.[].id'",
    ),
)
@db_option
@click.option("--kind", type=click.Choice(KINDS), help="Only objects of this kind.")
@click.option("--state", metavar="STATE", help="Only objects in this state: pending, open, active, sold, ...")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Of each kind at most so many.",
)
@json_option("Print a JSON array.")
def list_objects(db: Path, kind: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List what there is."""
    from cosmo_doppler.cli import coord_reading as reading

    store = reading.open_store(db)
    rows: list[dict[str, Any]] = []
    for each in KINDS if kind is None else (kind,):
        found = list(reading.objects(store, each, state, limit + 1))
        if len(found) > limit:
            say(f"more than {limit} objects of kind {each}; --limit shows more of them")
        rows += found[:limit]
    store.close()
    if as_json:
        show_json(rows)
    elif not rows:
        say(f"nothing of that kind in {db}" if kind or state else f"nothing in {db} yet")
    else:
        _show_rows(rows)


def _show_rows(rows: list[dict[str, Any]]) -> None:
    from cosmo_doppler.tui.safe import pad, safe

    show(f"{'KIND':<12}  {'ID':<32}  {'STATE':<12}  ABOUT")
    for row in rows:
        cells = (pad(row["kind"], 12), pad(safe(row["id"], 200), 32), pad(safe(row["state"], 40), 12))
        show("  ".join([*cells, safe(row["about"], 300)]).rstrip())


@command.command(
    name="show",
    epilog=examples(
        "cosmo coord show t1 --db work.db",
        "cosmo coord show task/t1 --db work.db --json | jq .events",
    ),
)
@click.argument("name", metavar="[KIND/]ID")
@db_option
@json_option("Print one JSON object: kind, id, version, state, events.")
def show_object(name: str, db: Path, as_json: bool) -> None:
    """Show one object, and everything that happened to it.

    Sealed bids, the reserve of an open auction and secret votes are kept back.
    """
    from cosmo_doppler.cli import coord_reading as reading

    store = reading.open_store(db)
    found = reading.find(store, name)
    if not found:
        raise CommandError(f"nothing in {db} is called {name!r}", f"see `cosmo coord ls --db {db}`")
    if len(found) > 1:
        names = " or ".join(f"{kind}/{subject}" for kind, subject, _, _ in found)
        raise CommandError(f"{name!r} is more than one object", f"say which: {names}")
    [(kind, subject, state, version)] = found
    happened = list(reading.history(store, kind, subject))
    store.close()
    if as_json:
        facts = [reading.event_facts(*each) for each in happened]
        show_json({"kind": kind, "id": subject, "version": version, "state": state, "events": facts})
        return
    from cosmo_doppler.tui.safe import safe

    show(f"{kind} {safe(subject, 200)}  version {version}")
    show_json(state)
    for revision, event in happened:
        show(reading.event_line(revision, event))


@command.command(
    name="tail",
    epilog=examples(
        "cosmo coord tail --db work.db",
        "cosmo coord tail --db work.db --after 0 --for 1s --json | jq -c '[.kind, .subject]'",
    ),
)
@db_option
@click.option(
    "--after",
    type=click.IntRange(0),
    metavar="REV",
    help="Begin after this revision; 0 from the start. Without it: what happens from now on.",
)
@for_option("Stop after this long.")
@json_option("Print one JSON object a line.")
def tail(db: Path, after: int | None, seconds: float | None, as_json: bool) -> None:
    """Print what happens in a store, as it happens. Ctrl-C ends it."""
    from cosmo_doppler.cli.coord_reading import open_store

    store = open_store(db)
    begin = store.revision() if after is None else after
    run(lambda: until_interrupted(_follow(store, begin, as_json), seconds=seconds))
    store.close()


async def _follow(store: SqliteStore, after: int, as_json: bool) -> None:
    from cosmo_doppler.cli import coord_reading as reading

    while True:
        for revision, event in await asyncio.to_thread(store.events, after):
            after = revision
            if as_json:
                show(json.dumps(reading.event_facts(revision, event)))
            else:
                show(reading.event_line(revision, event))
        if after >= await asyncio.to_thread(store.revision):
            await asyncio.sleep(LOOK_S)


@command.command(
    name="mirror",
    epilog=examples(
        "cosmo coord mirror --db work.db",
        "cosmo coord mirror --db work.db --url cosmo://127.0.0.1:7070 --namespace agents",
        "cosmo coord mirror --db work.db --once",
    ),
)
@db_option
@bus_options
@click.option("--once", is_flag=True, help="End when everything that happened so far is on the bus.")
@for_option("Stop after this long.")
@json_option("Print the counts as a JSON object at the end.")
def mirror(db: Path, url: str, namespace: str, once: bool, seconds: float | None, as_json: bool) -> None:
    """Tell on a bus of everything that happens in a store.

    It goes on where the last mirror of this store left off, waits while the bus is away, and changes nothing but
    that mark. Nobody on the bus bids or works because of it. Ctrl-C ends it.
    """
    from cosmo_doppler.cli.coord_reading import open_store

    store = open_store(db)
    run(lambda: _mirror(store, url, namespace, once, seconds, as_json))
    store.close()


async def _mirror(
    store: SqliteStore, url: str, namespace: str, once: bool, seconds: float | None, as_json: bool
) -> None:
    from cosmo_doppler.cli.connecting import CLI_ID, on_bus
    from cosmo_doppler.settings import without_login
    from cosmo_sdk import Dendrite
    from cosmo_sdk.coordination import BusMirror

    async with on_bus(url) as synapse:
        dendrite = Dendrite(synapse=synapse, namespace=namespace, dendrite_id=CLI_ID, heartbeat_s=0)
        mirrored = BusMirror(dendrite)
        mirrored.attach(store)
        async with mirrored:
            where = f"{store.path} to {without_login(url)}, namespace {namespace}"
            ending = await until_interrupted(
                mirrored.flush() if once else mirrored.ended(),
                seconds=seconds,
                ready=lambda: None if once else say(f"mirroring {where}; Ctrl-C ends it"),
            )
    if once and ending != "finished":
        raise CommandError(
            f"{mirrored.published} events are on the bus, and not all", "run it again: it goes on from there"
        )
    if as_json:
        show_json({"published": mirrored.published, "dropped": mirrored.dropped, "failed": mirrored.failed})
    else:
        lost = f", {mirrored.dropped} can never be" if mirrored.dropped else ""
        say(f"{mirrored.published} events are on the bus{lost}")

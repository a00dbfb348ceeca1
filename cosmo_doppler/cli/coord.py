"""`cosmo coord`: look into a coordination store, and show it on a bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import bus_options, examples, for_option, json_option
from cosmo_doppler.cli.output import say, show, show_json
from cosmo_doppler.cli.running import run, until_interrupted

if TYPE_CHECKING:
    from cosmo_sdk.coordination.store import BaseStore

LOOK_S = 0.2
"""How often a store is asked for news."""

KINDS = ("pool", "task", "negotiation", "vote", "auction", "delegation")


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store`: which store. `--db` is the same."""
    return click.option(
        "--store",
        "--db",
        "where",
        required=True,
        metavar="FILE|URL",
        help="The file of the SqliteStore, or postgresql://user@host:port/database.",
    )(command)


@click.group(
    epilog=examples(
        "cosmo coord ls --store work.db",
        "cosmo coord show t1 --store work.db",
        "cosmo coord tail --store postgresql://ann@db.example/work",
        "cosmo coord mirror --store work.db",
    )
)
def command() -> None:
    """Pools, tasks, votes, negotiations, auctions and delegations of a store."""


@command.command(
    name="ls",
    epilog=examples(
        "cosmo coord ls --store work.db",
        "cosmo coord ls --store work.db --kind task --state pending",
        "cosmo coord ls --store work.db --json | jq -r '.[].id'",
    ),
)
@store_option
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
def list_objects(where: str, kind: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List what there is."""
    from cosmo_doppler.cli import coord_reading as reading

    rows: list[dict[str, Any]] = []
    with reading.opened(where) as store:
        for each in KINDS if kind is None else (kind,):
            found = list(reading.objects(store, each, state, limit + 1))
            if len(found) > limit:
                say(f"more than {limit} objects of kind {each}; --limit shows more of them")
            rows += found[:limit]
    if as_json:
        show_json(rows)
    elif not rows:
        say(
            f"nothing of that kind in {reading.shown(where)}"
            if kind or state
            else f"nothing in {reading.shown(where)} yet"
        )
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
        "cosmo coord show t1 --store work.db",
        "cosmo coord show task/t1 --store work.db --json | jq .events",
    ),
)
@click.argument("name", metavar="[KIND/]ID")
@store_option
@json_option("Print one JSON object: kind, id, version, state, events.")
def show_object(name: str, where: str, as_json: bool) -> None:
    """Show one object, and everything that happened to it.

    Sealed bids, the reserve of an open auction and secret votes are kept back.
    """
    from cosmo_doppler.cli import coord_reading as reading

    with reading.opened(where) as store:
        found = reading.find(store, name)
        if not found:
            raise CommandError(
                f"nothing in {reading.shown(where)} is called {name!r}",
                f"see `cosmo coord ls --store {reading.shown(where)}`",
            )
        if len(found) > 1:
            names = " or ".join(f"{kind}/{subject}" for kind, subject, _, _ in found)
            raise CommandError(f"{name!r} is more than one object", f"say which: {names}")
        [(kind, subject, state, version)] = found
        happened = list(reading.history(store, kind, subject))
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
        "cosmo coord tail --store work.db",
        "cosmo coord tail --store work.db --after 0 --for 1s --json | jq -c '[.kind, .subject]'",
    ),
)
@store_option
@click.option(
    "--after",
    type=click.IntRange(0),
    metavar="REV",
    help="Begin after this revision; 0 from the start. Without it: what happens from now on.",
)
@for_option("Stop after this long.")
@json_option("Print one JSON object a line.")
def tail(where: str, after: int | None, seconds: float | None, as_json: bool) -> None:
    """Print what happens in a store, as it happens. Ctrl-C ends it."""
    from cosmo_doppler.cli.coord_reading import opened

    with opened(where) as store:
        begin = store.revision() if after is None else after
        run(lambda: until_interrupted(_follow(store, begin, as_json), seconds=seconds))


async def _follow(store: BaseStore, after: int, as_json: bool) -> None:
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
        "cosmo coord mirror --store work.db",
        "cosmo coord mirror --store work.db --url cosmo://127.0.0.1:7070 --namespace agents",
        "cosmo coord mirror --store work.db --once",
    ),
)
@store_option
@bus_options
@click.option("--once", is_flag=True, help="End when everything that happened so far is on the bus.")
@for_option("Stop after this long.")
@json_option("Print the counts as a JSON object at the end.")
def mirror(where: str, url: str, namespace: str, once: bool, seconds: float | None, as_json: bool) -> None:
    """Tell on a bus of everything that happens in a store.

    It goes on where the last mirror of this store left off, waits while the bus is away, and changes nothing but
    that mark. Nobody on the bus bids or works because of it. Ctrl-C ends it.
    """
    from cosmo_doppler.cli.coord_reading import opened, shown

    with opened(where) as store:
        run(lambda: _mirror(store, shown(where), url, namespace, once, seconds, as_json))


async def _mirror(
    store: BaseStore, name: str, url: str, namespace: str, once: bool, seconds: float | None, as_json: bool
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
            where = f"{name} to {without_login(url)}, namespace {namespace}"
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

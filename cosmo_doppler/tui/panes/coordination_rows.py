"""One object of coordination in one row: how it stands, what it is, whose turn it is, and how long it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.style import Style

from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.negotiations import SeenNegotiation
from cosmo_doppler.model.coordination.notice import Kind
from cosmo_doppler.model.coordination.pools import SeenPool
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.model.coordination.terms import DUTCH, clock_price
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.auction_terms import amount, bidder
from cosmo_doppler.tui.panes.objects.paper import Paper, called, joined
from cosmo_doppler.tui.panes.objects.pool import heard_in
from cosmo_doppler.tui.panes.objects.vote import RESULTS
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns

COLUMNS = Columns(
    Column("state", "state", 9),
    Column("what", "what", 0),
    Column("who", "who", 15, needs=44),
    Column("left", "left", 6, right=True),
)


def cells_of(thing: Thing, scene: Scene, ink: Ink, depth: int = 0) -> dict[str, Cell]:
    """The cells of an object's row."""
    return _CELLS[thing.kind](thing, scene, ink, depth)


def _row(state: str, style: Style, what: Cell, who: Cell, left: Cell | None = None) -> dict[str, Cell]:
    return {"state": [(state, style)], "what": what, "who": who, "left": left or []}


def _pool(pool: SeenPool, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    heard = heard_in(pool, Paper(scene, 80, ink))
    capacity = f"/{pool.capacity}" if pool.capacity else ""
    who: Cell = [(f"{pool.size}{capacity} in", ink.plain), (f", {heard} heard", ink.dim)]
    quiet = ink.dim if pool.over else ink.plain
    topics = f"  {safe(joined(pool.topics), 80)}" if pool.topics else ""
    return _row(pool.state, quiet, [(called(pool), quiet), (topics, ink.dim)], who)


def _task(task: SeenTask, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    style = {"running": ink.bold, "assigned": ink.plain, "pending": ink.plain, "failed": ink.failure}.get(
        task.state, ink.dim
    )
    quiet = ink.dim if task.over else ink.plain
    priority = f"↑{task.priority}  " if task.priority > 0 else f"↓{-task.priority}  " if task.priority else ""
    # An id that nobody chose says less than what is to be done.
    is_named = called(task) == safe(task.id, 80) or not task.objective
    what: Cell = [
        (f"{called(task)}  " if is_named else "", quiet),
        (priority, ink.dim),
        (safe(task.objective, 120), ink.dim if is_named else quiet),
    ]
    left = None
    if task.held and task.lease_ms is not None:
        left = _left(task.lease_ms / 1000 - scene.now, ink)
    return _row(task.state, style, what, [(safe(task.holder, 80), quiet)], left)


def _negotiation(talk: SeenNegotiation, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    quiet = ink.dim if talk.over else ink.plain
    style = {"accepted": ink.well, "rejected": ink.failure, "closed": ink.dim}.get(talk.state, ink.plain)
    what: Cell = [(safe(joined(talk.participants, 4), 120), quiet), (f"  round {talk.round}", ink.dim)]
    current = talk.current
    who: Cell = []
    if current is not None:
        turn = f"  {len(current.accepted_by)} agree" if current.accepted_by and not talk.over else ""
        who = [(safe(current.who, 80), quiet), (turn, ink.dim)]
    left = None
    if talk.deadline_ms is not None and not talk.over:
        left = _left(talk.deadline_ms / 1000 - scene.now, ink)
    return _row(talk.state, style, what, who, left)


def _vote(vote: SeenVote, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    quiet = ink.dim if vote.over else ink.plain
    state = RESULTS.get(vote.result, "closed") if vote.over else "open"
    style = ink.well if vote.result == "decided" else ink.plain if not vote.over else ink.bold
    best = max(vote.counts.items(), key=lambda each: each[1], default=None)
    told = "  sealed" if vote.sealed else f"  {safe(best[0], 60)} {best[1]:g}" if best is not None else ""
    if vote.over and vote.winner:
        told = f"  {safe(vote.winner, 60)}"
    among = f"/{vote.eligible}" if vote.eligible is not None else ""
    needed = f", {vote.quorum_needed} needed" if vote.quorum_needed and not vote.over else ""
    who: Cell = [(f"{vote.present}{among}", quiet), (needed, ink.dim)]
    left = None
    if vote.closes_ms is not None and not vote.over:
        left = _left(vote.closes_ms / 1000 - scene.now, ink)
    return _row(state, style, [(called(vote), quiet), (told, ink.dim)], who, left)


def _auction(sale: SeenSale, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    quiet = ink.dim if sale.over else ink.plain
    style = {"sold": ink.well, "unsold": ink.failure, "cancelled": ink.dim}.get(sale.state, ink.plain)
    auction = scene.board.auctions.get(sale.offers[-1]) if sale.offers else None
    terms = auction.terms if auction is not None else None
    kind = safe(terms.called if terms is not None else sale.type.replace("_", " "), 40)
    what: Cell = [(safe(sale.lot, 120) or called(sale), quiet), (f"  {kind}", ink.dim)]
    who: Cell = []
    left = None
    if sale.state == "sold":
        price = f" {amount(sale.price)}" if sale.price is not None else ""
        who = [(safe(bidder(sale.winner), 60), ink.plain), (price, ink.bold)]
    elif auction is not None and terms is not None and not sale.over:
        leader, clock = auction.leading, clock_price(terms, scene.now)
        if terms.kind == DUTCH and clock is not None:
            who = [("asks ", ink.dim), (amount(clock), ink.bold)]
        elif terms.sealed:
            who = [
                (words.many(len({seen.bid.neuron for seen in auction.bids}), "bid"), quiet),
                (", sealed", ink.dim),
            ]
        elif leader is not None and leader.bid.cost is not None:
            who = [(safe(bidder(leader.bid.neuron), 60), quiet), (f" {amount(leader.bid.cost)}", ink.bold)]
        if terms.closes_ms is not None or (terms.live and auction.deadline_ms):
            left = _left(auction.closes_at - scene.now, ink)
    return _row(sale.state, style, what, who, left)


def _delegation(grant: SeenGrant, scene: Scene, ink: Ink, depth: int) -> dict[str, Cell]:
    state = scene.board.coordination.stands(grant, scene.now)
    quiet = ink.plain if state == "active" else ink.dim
    style = ink.failure if state == "revoked" else quiet
    lead = f"{'  ' * (depth - 1)}└ " if depth else ""
    what: Cell = [
        (lead, ink.faint),
        (f"{safe(grant.delegator, 60)} → {safe(grant.delegatee, 60)}", quiet),
    ]
    left = None
    if grant.expires_ms is not None and state == "active":
        left = _left(grant.expires_ms / 1000 - scene.now, ink)
    return _row(state, style, what, [(safe(joined(grant.scope, 4), 120), ink.dim)], left)


def _left(seconds: float, ink: Ink) -> Cell:
    """How long something still has; bold once that is over."""
    if seconds <= 0:
        return [("over", ink.bold)]
    number, unit = words.age(seconds)
    return [(number, ink.plain), (f" {unit}", ink.dim)]


_CELLS: dict[Kind, Callable[[Any, Scene, Ink, int], dict[str, Cell]]] = {
    "pool": _pool,
    "task": _task,
    "negotiation": _negotiation,
    "vote": _vote,
    "auction": _auction,
    "delegation": _delegation,
}

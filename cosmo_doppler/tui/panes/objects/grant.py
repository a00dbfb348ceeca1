"""A delegation: the tree it stands in, how its scope narrows, and what its end took along."""

from __future__ import annotations

from collections.abc import Iterator

from rich.style import Style

from cosmo_doppler.model.coordination.book import Coordination
from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.objects.paper import Line, Paper, joined
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink

_MOST = 100
"""Delegations of a tree that are shown."""

_DEEPEST = 16


def lines(grant: SeenGrant, paper: Paper) -> Iterator[Line]:
    """Everything about a delegation."""
    ink, book = paper.ink, paper.scene.board.coordination
    state = book.stands(grant, paper.now)
    yield paper.fact("from", *paper.person(grant.delegator), seq=grant.seq)
    if grant.pooled:
        yield paper.fact("to", (safe(grant.delegatee, 80), ink.plain), ("  whoever is in this pool", ink.dim))
    else:
        yield paper.fact("to", *paper.person(grant.delegatee))
    yield from paper.facts(("allows", joined(grant.scope)))
    further = words.many(grant.depth, "time") if grant.depth else "not at all"
    yield from paper.facts(("handed on", further))
    if grant.expires_ms is not None and state == "active":
        yield paper.left("expires", grant.expires_ms / 1000, None, "its time is up")
    yield from _end(grant, state, paper)
    yield from paper.heading("where it comes from, and what comes from it")
    root = grant
    for _ in range(_DEEPEST):
        above = book.parent(root)
        if above is None:
            break
        root = above
    if root.parent:
        yield Line([(f"{safe(root.parent, 60)}  was never seen", ink.dim)])
    for number, line in enumerate(_tree(root, None, "", "", grant, paper)):
        if number == _MOST:
            yield Line([("and more", ink.dim)])
            break
        yield line
    yield from paper.history(grant)


def _end(grant: SeenGrant, state: str, paper: Paper) -> Iterator[Line]:
    ink, book = paper.ink, paper.scene.board.coordination
    if state == "void":
        yield paper.fact("void", ("what it comes from has ended", ink.failure))
    elif state != "active":
        by = f" by {safe(grant.ended_by, 80)}" if grant.ended_by else ""
        yield paper.fact("ended", (f"{state}{by}", ink.failure))
        gone = _below(grant, book)
        if gone:
            yield paper.fact("took along", (words.many(gone, "delegation"), ink.plain))


def _below(grant: SeenGrant, book: Coordination) -> int:
    """How many delegations come from one."""
    waiting, found = [grant], 0
    while waiting and found < _MOST * 10:
        children = book.children(waiting.pop())
        found += len(children)
        waiting += children
    return found


def _tree(
    grant: SeenGrant, above: SeenGrant | None, lead: str, branch: str, chosen: SeenGrant, paper: Paper
) -> Iterator[Line]:
    ink, book = paper.ink, paper.scene.board.coordination
    state = book.stands(grant, paper.now)
    style = ink.bold if grant is chosen else ink.plain if state == "active" else ink.dim
    dropped = [each for each in above.scope if each not in grant.scope] if above is not None else []
    yield Line(
        [
            (f"{lead}{branch}", ink.faint),
            (f"{safe(grant.delegator, 60)} → {safe(grant.delegatee, 60)}  ", style),
            (safe(joined(grant.scope, 6), 120), ink.market if state == "active" else ink.dim),
            (f"  no longer {safe(joined(dropped, 4), 80)}" if dropped else "", ink.dim),
            (f"  {state}" if state != "active" else "", state_style(state, ink)),
        ],
        grant.seq,
    )
    children = book.children(grant) if len(lead) < _DEEPEST * 2 else []
    below = lead + ("" if not branch else "  " if branch.startswith("└") else "│ ")
    for number, child in enumerate(children, 1):
        yield from _tree(child, grant, below, "└ " if number == len(children) else "├ ", chosen, paper)


def state_style(state: str, ink: Ink) -> Style:
    """How the state of a delegation is written."""
    return ink.plain if state == "active" else ink.failure if state == "revoked" else ink.dim

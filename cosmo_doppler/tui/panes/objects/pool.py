"""A pool: who is in, whether they are heard, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rich.cells import cell_len

from cosmo_doppler.model.coordination.pools import SeenPool
from cosmo_doppler.model.coordination.tasks import HELD
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.objects.paper import Line, Paper, joined
from cosmo_doppler.tui.safe import fit_middle, safe

_SHOWN = 200
"""Members, and held tasks looked through."""

_WHO, _STATE = 20, 20


def lines(pool: SeenPool, paper: Paper) -> Iterator[Line]:
    """Everything about a pool."""
    ink = paper.ink
    heard = heard_in(pool, paper)
    of = f" of {pool.capacity}" if pool.capacity else ""
    yield paper.fact("members", (f"{pool.size}{of}", ink.plain), (f"  {heard} heard", ink.dim), seq=pool.seq)
    needs = f" who can {joined(pool.needs)}" if pool.needs else ""
    yield from paper.facts(
        ("lets in", f"{_MODES.get(pool.mode, pool.mode)}{needs}"),
        ("topics", joined(pool.topics)),
        ("refused", words.many(pool.refused, "time") if pool.refused else ""),
    )
    held = held_by(pool, paper)
    if pool.members:
        yield from paper.heading("members")
    for who in islice(pool.members, _SHOWN):
        sign, word, style = paper.liveness(who)
        name = fit_middle(safe(who, 80), _WHO)
        work = held.get(who, [])
        yield Line(
            [
                (f"{sign} ", style),
                (f"{name}{' ' * (_WHO - cell_len(name))}  ", ink.plain),
                (f"{word:<{_STATE}}  ", ink.dim),
                (f"holds {joined(work, 4)}" if work else "", ink.plain),
            ]
        )
    if len(pool.members) > _SHOWN:
        yield Line([(f"and {words.count(pool.size - _SHOWN)} more", ink.dim)])
    yield from paper.history(pool)


_MODES = {"open": "everybody", "closed": "nobody", "allowlist": "those on its list", "capability": "those"}


def heard_in(pool: SeenPool, paper: Paper) -> int:
    """How many of its members the registry hears; of large pools, of the first ones."""
    roster = paper.scene.board.roster
    people = (roster.get(who) for who in islice(pool.members, _SHOWN))
    return sum(
        1 for each in people if each is not None and each.liveness(paper.now) in ("live", "static", "late")
    )


def held_by(pool: SeenPool, paper: Paper) -> dict[str, list[str]]:
    """What members hold, by member: the latest tasks."""
    held: dict[str, list[str]] = {}
    for state in HELD:
        for task in paper.scene.board.coordination.tasks.latest(state, _SHOWN):
            if task.holder in pool.members and task.store == pool.store:
                held.setdefault(task.holder, []).append(safe(task.id, 40))
    return held

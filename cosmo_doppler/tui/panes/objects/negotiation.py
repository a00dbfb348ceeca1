"""A negotiation as a ladder: who proposed what in which round, what changed, and who agreed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from cosmo_doppler.model.coordination.negotiations import SeenNegotiation, SeenProposal
from cosmo_doppler.model.coordination.reading import differences
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.objects.paper import Line, Paper, joined
from cosmo_doppler.tui.safe import fit, safe

_MOST_CHANGES = 12
"""Parts of a proposal that are shown."""

_PATH = 18


def lines(talk: SeenNegotiation, paper: Paper) -> Iterator[Line]:
    """Everything about a negotiation."""
    ink = paper.ink
    for place, who in enumerate(talk.participants[:12]):
        yield paper.fact("between" if not place else "", *paper.person(who))
    agree = {"all": "all others must agree", "any": "one other must agree"}.get(talk.acceptance, "")
    yield from paper.facts(("rule", agree))
    if talk.deadline_ms is not None and not talk.over:
        yield paper.left("closes", talk.deadline_ms / 1000, None, "its time is up")
    before: SeenProposal | None = None
    for proposal in talk.proposals:
        yield Line([])
        yield from _rung(proposal, before, talk, paper)
        before = proposal
    if talk.over:
        yield Line([])
        style = ink.well if talk.state == "accepted" else ink.failure
        by = f" by {safe(talk.rejected_by, 80)}" if talk.rejected_by else ""
        reason = f"  {safe(talk.reason, 80)}" if talk.reason not in ("", talk.state) else ""
        last = talk.history[-1].seq if talk.history else None
        yield Line([(f"{talk.state}{by}", style), (reason, ink.dim)], last)
    yield from paper.history(talk)


def _rung(
    proposal: SeenProposal, before: SeenProposal | None, talk: SeenNegotiation, paper: Paper
) -> Iterator[Line]:
    ink = paper.ink
    is_current = proposal is talk.current
    after = ""
    if before is not None:
        after = f"  {words.joined(words.duration(proposal.at - before.at))} later"
    yield Line(
        [
            (f"{'●' if is_current else '○'} ", ink.bold if is_current else ink.dim),
            (f"round {proposal.round}  ", ink.dim),
            (safe(proposal.who, 80) or "somebody", ink.bold if is_current else ink.plain),
            (after, ink.dim),
        ],
        proposal.seq,
    )
    changes = differences(before.content if before is not None else (), proposal.content)
    for path, was, now in changes[:_MOST_CHANGES]:
        name = fit(safe(path, 80), _PATH)
        pad = " " * (_PATH - cell_len(name))
        yield Line(
            [
                ("│ ", ink.faint),
                (f"{name}{pad}  " if path else "", ink.dim),
                (f"{safe(was, 60)} " if was else "", ink.dim),
                ("→ " if before is not None and was else "+ " if before is not None else "", ink.dim),
                (safe(now, 120) or "taken out", ink.plain if now else ink.dim),
            ],
            proposal.seq,
        )
    if not changes:
        yield Line(
            [("│ ", ink.faint), ("the same as before" if before else "nothing", ink.dim)], proposal.seq
        )
    elif len(changes) > _MOST_CHANGES:
        yield Line([("│ ", ink.faint), (f"and {len(changes) - _MOST_CHANGES} more", ink.dim)])
    if proposal.accepted_by:
        yield Line(
            [("│ ", ink.faint), ("agreed  ", ink.dim), (safe(joined(proposal.accepted_by), 200), ink.well)]
        )
    if is_current and not talk.over:
        rest = [who for who in talk.participants if who != proposal.who and who not in proposal.accepted_by]
        yield Line([("│ ", ink.faint), (f"waits for {safe(joined(rest), 200)}", ink.dim)])

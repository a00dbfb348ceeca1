"""A task: what is to be done, who holds it and for how long, and how it came to that."""

from __future__ import annotations

from collections.abc import Iterator

from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.tui.panes.objects.paper import Line, Paper, joined


def lines(task: SeenTask, paper: Paper) -> Iterator[Line]:
    """Everything about a task."""
    yield from paper.text(task.objective)
    if task.held:
        yield paper.fact("held by", *paper.person(task.holder))
        if task.lease_ms is None:
            yield paper.fact("lease", ("as long as it takes", paper.ink.plain))
        else:
            yield paper.left("lease", task.lease_ms / 1000, task.lease_s, "ran out, and nobody released it")
    elif task.holder:
        yield paper.fact("was with", *paper.person(task.holder))
    elif task.state == "pending":
        yield paper.fact("held by", ("nobody", paper.ink.dim), seq=task.seq)
    yield from paper.facts(
        ("attempt", f"{task.attempt}" if task.attempt else ""),
        ("priority", f"{task.priority}" if task.priority else ""),
        ("pool", task.pool_id),
        ("topic", task.topic),
        ("needs", joined(task.needs)),
        ("result" if task.state != "failed" else "failure", task.result),
    )
    yield from paper.history(task)

"""The tree of a trace node by node, and a trace that is over."""

from __future__ import annotations

from typing import Any

from cosmo_doppler.model.board import Board
from tests.doppler.model.folding import frame


def work(trace: str, at: float) -> list[tuple[float, bytes]]:
    """A task that is done."""
    return [
        (at, frame("TASK", f"t{trace}", trace=trace, who="w", input={"text": "go"})),
        (at + 0.5, frame("THOUGHT_DELTA", f"h{trace}", trace=trace, parent=f"t{trace}", who="w", seq=0)),
        (at + 1.0, frame("AGENT_OUTPUT", f"o{trace}", trace=trace, parent=f"t{trace}", who="w")),
        (at + 1.5, frame("FINAL", f"f{trace}", trace=trace, parent=f"o{trace}")),
    ]


def nodes(board: Board) -> list[Any]:
    """Every attribute of every signal that was seen."""
    return [
        (node.seq, node.at, node.gap, node.id, node.parent_id, node.trace_id, node.type, node.who)
        for trace in board.traces.values()
        for node in trace.tree.arrivals
    ]

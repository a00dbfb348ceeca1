"""Frames from which faults are made, and the faults a board found."""

from __future__ import annotations

from typing import Any

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.faults import Fault
from tests.doppler.model.folding import frame


def register(who: str, *can: str, role: str = "neuron", **meta: Any) -> bytes:
    named = f"r{who}{len(meta)}{meta.get('n', '')}"
    return frame("REGISTER", named, trace=named, who=who, meta=meta, role=role, capabilities=list(can))


def discover(at: float) -> tuple[float, bytes]:
    return at, frame("DISCOVER", "d", trace="d")


def offer(id: str = "o", *can: str, trace: str = "1", window: int = 100) -> bytes:
    return frame(
        "TASK_OFFER",
        id,
        trace=trace,
        input={"text": "brew tea"},
        capabilities=list(can),
        deadline_ms=window,
    )


def bid(id: str, who: str, parent: str = "o", trace: str = "1", **more: Any) -> bytes:
    meta = more.pop("meta", None)
    terms = {"cost": 0.1, "confidence": 0.5, **more}
    return frame("BID", id, parent=parent, trace=trace, who=who, meta=meta, **terms)


def award(id: str, who: str, parent: str, trace: str = "1", meta: Any = None, **won: Any) -> bytes:
    return frame(
        "TASK_AWARDED", id, parent=parent, trace=trace, who=who, meta=meta, input={}, winning_bid=won
    )


def output(id: str, who: str, parent: str, trace: str = "1") -> bytes:
    return frame("AGENT_OUTPUT", id, parent=parent, trace=trace, who=who, output={})


def found(board: Board) -> list[Fault]:
    return [board.faults.by_id[id] for id in board.faults.order]


def kinds(board: Board) -> list[str]:
    return [fault.kind for fault in found(board)]


def only(board: Board) -> Fault:
    (fault,) = found(board)
    return fault

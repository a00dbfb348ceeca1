"""Signals to filter, with a board that has folded them."""

from __future__ import annotations

from typing import Any

from cosmo_doppler.model.board import Board
from cosmo_doppler.store import Store
from tests.doppler.model.folding import frame


def fill(store: Store, count: int, **fields: Any) -> None:
    """Append so many BIDs."""
    payload = fields.pop("payload", {})
    for number in range(count):
        store.append(float(number), "cosmonapse.dev.BID", frame("BID", f"x{number}", **payload, **fields))


def market() -> tuple[Store, Board]:
    """Two participants, an auction with a late bid and a question, a failure, an orphan, and an offer nobody wants."""
    said = [
        frame("REGISTER", "r1", trace="r1", who="worker-1", role="neuron", capabilities=["sum"]),
        frame("REGISTER", "r2", trace="r2", who="notes", role="engram", capabilities=["sum"]),
        frame("TASK_OFFER", "o1", input={"text": "an Invoice"}, capabilities=["sum"], deadline_ms=250),
        frame("BID", "b1", parent="o1", who="worker-1", cost=0.005, eta_ms=120, confidence=0.8),
        frame("BID", "b2", parent="o1", who="worker-2", cost=0.002, eta_ms=300, confidence=0.9),
        frame("TASK_AWARDED", "aw", parent="b2", who="worker-2", input={}),
        frame("TASK_DECLINED", "d1", parent="b1", who="worker-1", reason="not selected"),
        frame(
            "BID",
            "b3",
            parent="o1",
            who="ada",
            cost=0.5,
            confidence=0.1,
            meta={"auto_bid": True, "note": "x1"},
        ),
        frame("CLARIFICATION", "q1", parent="aw", who="worker-2", question="which year?"),
        frame("TASK", "t2", trace="2", who="ada", input={"text": "divide by zero"}),
        frame("ERROR", "e2", trace="2", parent="t2", who="ada", code="X", message="no"),
        frame("ERROR", "e3", trace="2", parent="never", who="ada", code="X", message="Straße"),
        frame("TASK_OFFER", "o2", trace="3", input={"text": "sing"}, capabilities=["song"], deadline_ms=100),
    ]
    store, board = Store(), Board()
    for number, data in enumerate(said):
        store.append(100 + 0.1 * number, "cosmonapse.dev.X", data)
        board.apply(store.observed(number))
    return store, board

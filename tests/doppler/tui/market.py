"""A small market written by hand, for screens to show."""

from __future__ import annotations

from typing import Any

START = 1_790_000_000.0
"""When it begins, epoch seconds."""

OFFER1 = "evt_" + "OFFER1".rjust(26, "0")
OFFER2 = "evt_" + "OFFER2".rjust(26, "0")
TRACES = ["trc_" + name.rjust(26, "0") for name in ("ONE", "TWO", "THREE")]
"""Its traces with work, in order."""


def signal(
    type: str,
    id: str,
    trace: str,
    *,
    parent: str | None = None,
    who: str = "",
    payload: Any = None,
    meta: Any = None,
) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "v": "1",
        "id": f"evt_{id:0>26}",
        "trace_id": f"trc_{trace:0>26}",
        "parent_id": f"evt_{parent:0>26}" if parent else None,
        "type": type,
        "ts": "2026-09-21T14:13:20Z",
        "payload": payload if payload is not None else {},
        "meta": meta or {},
    }
    if who:
        frame["directed"] = {"id": who, "type": "neuron", "capabilities": []}
    return frame


def market() -> list[tuple[float, dict[str, Any]]]:
    """Two participants, an auction that is awarded, a question, a failure, and an auction nobody answers."""
    said = iter(
        [
            signal("REGISTER", "R1", "M1", who="ada", payload={"role": "neuron", "capabilities": ["sum"]}),
            signal("REGISTER", "R2", "M2", who="bob", payload={"role": "neuron", "capabilities": ["sum"]}),
            signal("HEARTBEAT", "H1", "M3", who="ada", payload={"status": "ok"}),
            signal(
                "TASK_OFFER",
                "OFFER1",
                "ONE",
                payload={"input": {"text": "add the figures"}, "capabilities": ["sum"], "deadline_ms": 250},
            ),
            signal(
                "BID",
                "BID1",
                "ONE",
                parent="OFFER1",
                who="ada",
                payload={"cost": 0.005, "eta_ms": 120, "confidence": 0.8},
            ),
            signal(
                "BID",
                "BID2",
                "ONE",
                parent="OFFER1",
                who="bob",
                payload={"cost": 0.002, "eta_ms": 300, "confidence": 0.9},
            ),
            signal(
                "TASK_AWARDED",
                "AWARD",
                "ONE",
                parent="BID2",
                who="bob",
                payload={"input": {"text": "add the figures"}},
            ),
            signal(
                "TASK_DECLINED",
                "DECLINE",
                "ONE",
                parent="BID1",
                who="ada",
                payload={"reason": "not selected"},
            ),
            signal(
                "CLARIFICATION", "ASK", "ONE", parent="AWARD", who="bob", payload={"question": "which year?"}
            ),
            signal("TASK", "TASK2", "TWO", who="ada", payload={"input": {"text": "divide by zero"}}),
            signal(
                "ERROR",
                "ERR",
                "TWO",
                parent="TASK2",
                who="ada",
                payload={"code": "X", "message": "no", "recoverable": False},
            ),
            signal(
                "TASK_OFFER",
                "OFFER2",
                "THREE",
                payload={"input": {"text": "sing"}, "capabilities": ["song"], "deadline_ms": 100},
            ),
            signal("HEARTBEAT", "H2", "M4", who="ada", payload={"status": "ok"}),
        ]
    )
    return [(START + 0.2 * number, frame) for number, frame in enumerate(said)]

"""Bids as lines of the bus, and what came of them."""

from __future__ import annotations

import json

SUBJECT = "cosmonapse.dev.BID"


def frame(number: int, *, trace: str = "trc_a", type: str = "BID", neuron: str = "n") -> str:
    return json.dumps(
        {"id": f"evt_{number}", "type": type, "trace_id": trace, "directed": {"id": neuron}, "payload": {}}
    )


def pub(text: str, subject: str = SUBJECT) -> dict:
    return {"op": "pub", "subject": subject, "frame": text}


def ids(lines: list[dict]) -> list[str]:
    return [json.loads(line["frame"])["id"] for line in lines if line["op"] == "msg"]

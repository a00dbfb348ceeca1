"""Text that would harm a terminal, in every place a bus may put it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from textual.strip import Strip

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[H",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x9b31m\x9d0;title\x9c",
    "[/nope]",
    "[red]x[/red][@click=app.quit]X[/]",
    "[link=https://evil]x[/link]",
    "\u202egnp.exe\u2066",
    "a\u200bb\u200dc\ufeff",
    "\x00\x07\x08\x0b\x7f\r\n\t",
    "寿司" * 40,
    "👩‍👩‍👧" * 10,
    "e" + "\u0301" * 50,
    "x" * 20_000,
)
NASTY = "\x1b[2J\x1b]52;c;ZXZpbA==\x07[/nope][@click=app.bell]X[/][link=https://evil]y\u202e\u200b\x9b31m"
"""Much of that in one text: for a terminal, for a markup parser, for a reader."""
ALLOWED = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*")


def coordinated(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The text in every place that an event of coordination has: type, kind of event, payload."""
    grant = {"delegator": text, "delegatee": f"{text}2", "scope": [text], "type": "direct", "depth": 1}
    admission = {"mode": text, "required_capabilities": [text]}
    terms = {"coord": "auction", "auction_type": text, "start": 1, "lot": {text: text}}
    told: list[tuple[str, dict[str, Any]]] = [
        ("task.submitted", {"state": "pending", "objective": {text: text}, "pool_id": text, "topic": text}),
        ("task.claimed", {"state": "assigned", "agent": text, "attempt": 1, "lease_ms": 9_000_000_000_000}),
        ("task.failed", {"state": "failed", "agent": text, "result": {text: text}}),
        ("pool.joined", {"agent": text, "size": 1}),
        ("pool.refused", {"agent": text, "reason": text}),
        (
            "negotiation.opened",
            {"agent": text, "content": {text: text}, "participants": [text, f"{text}2"], "round": 1},
        ),
        ("negotiation.proposed", {"agent": f"{text}2", "content": {text: [text]}, "round": 2}),
        ("negotiation.rejected", {"agent": text, "state": "rejected", "reason": text}),
        ("vote.cast", {"agent": text, "option": text, "present": 1}),
        ("auction.bid_rejected", {"agent": text, "reason": text}),
        ("delegation.granted", grant),
        ("delegation.denied", {**grant, "agent": text}),
    ]
    return [
        ("CONTEXT_SYNC", "pool.created", {"snapshot": {"topics": [text], "admission": admission}}),
        (
            "CONTEXT_SYNC",
            "vote.opened",
            {"snapshot": {"options": [text], "eligible": [text], "quorum": text}},
        ),
        *(("MEMORY_APPEND", kind, {"key": text, "value": facts}) for kind, facts in told),
        ("CONSENSUS", "vote.closed", {"vote": {"status": "decided", "winner": text, "counts": [[text, 1]]}}),
        ("TASK_OFFER", "auction.opened", {"input": terms, "capabilities": ["coord.auction"]}),
        ("BID", "auction.bid", {"cost": 1}),
        ("TASK_DECLINED", "auction.unsold", {"reason": f"unsold:{text}"}),
    ]


def hostile_frames(
    signal_frame: Callable[..., dict[str, Any]], text: str, run: int
) -> list[tuple[float, Any]]:
    """The text in every place a frame has."""

    def frame(type: str, id: str, trace: str, *, parent: str | None = None, **rest: Any) -> dict[str, Any]:
        above = f"{parent}{run}" if parent else None
        return signal_frame(type, f"{id}{run}", f"{trace}{run}", parent=above, **rest)

    frames: list[Any] = [
        frame(
            type,
            f"Z{number}",
            "V",
            parent="Z17" if kind == "auction.bid" else None,
            who=f"coord:{text}" if type == "BID" else "",
            payload=payload,
            meta={
                "coord": {
                    "v": 1,
                    "kind": kind,
                    "subject": text[:200],
                    "store": text,
                    "rev": run * 100 + number,
                }
            },
        )
        for number, (type, kind, payload) in enumerate(coordinated(text))
    ]
    frames += [
        frame(
            "REGISTER", "R", "M", who=text, payload={"role": text, "capabilities": [text], "version": text}
        ),
        frame("HEARTBEAT", "H", "N", who=text, payload={"status": text}),
        frame(
            "TASK_OFFER",
            "O",
            "T",
            who=text,
            payload={"input": {text: text}, "capabilities": [text], "deadline_ms": 100},
        ),
        frame("BID", "B", "T", parent="O", who=text, payload={"cost": 1, "eta_ms": 2, "confidence": 0.5}),
        frame("TASK_AWARDED", "A", "T", parent="B", who=text, payload={"input": {"text": text}}),
        frame("TASK_DECLINED", "D", "T", parent="B", who=text, payload={"reason": text}),
        frame(
            "CLARIFICATION",
            "C",
            "T",
            parent="A",
            who=text,
            payload={"question": text, "context": {text: [text]}},
        ),
        frame(
            "ERROR",
            "E",
            "T",
            parent="A",
            who=text,
            payload={"code": text, "message": text},
            meta={text: text},
        ),
        {
            **frame("TASK", "X", "T"),
            "id": "evt_" + text,
            "trace_id": "trc_" + text,
            "parent_id": "evt_" + text,
            "ts": text,
        },
        {**frame("TASK", "Y", "T"), "type": text, "v": text},
        text.encode("utf-8", "surrogatepass"),
    ]
    return [(1_790_000_000.0 + 20 * run + number, frame) for number, frame in enumerate(frames)]


def assert_harmless(strips: list[Strip]) -> None:
    for strip in strips:
        for segment in strip:
            assert ALLOWED.fullmatch(segment.text), repr(segment.text)
            assert segment.style is None or segment.style.link is None
            assert "@click" not in (segment.style.meta if segment.style is not None else {})


HARMFUL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200c\u200e-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

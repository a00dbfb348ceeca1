"""Makes a recording of any length: rounds of bidding with their work, heartbeats between them, a question now and then.

Traces overlap as on a busy bus, ids look like real ones, and the same seed makes the same file.
"""

from __future__ import annotations

import json
import random
import sys
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BEGIN = 1_767_225_600.0
GAP_S = 0.0005
"""Between two signals."""

ABREAST = 40
"""Traces that are under way at the same time."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WORKERS = [f"worker-{number:02}" for number in range(24)]
_TEXT = (
    "Compare the three offers for the harbour crane, name what differs, and say which one to take and why."
)


class _Maker:
    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._serial = 0

    def id(self, prefix: str) -> str:
        self._serial += 1
        serial, digits = self._serial, []
        for _ in range(10):
            serial, digit = divmod(serial, 32)
            digits.append(_ALPHABET[digit])
        return f"{prefix}_01KDW6{''.join(self._dice.choices(_ALPHABET, k=10))}{''.join(reversed(digits))}"

    def workflow(self) -> Iterator[dict[str, Any]]:
        """The signals of one trace, in order."""
        dice, trace = self._dice, self.id("trc")
        offer = self.id("evt")
        yield _signal(
            offer,
            trace,
            None,
            "TASK_OFFER",
            "",
            {"input": {"text": _TEXT}, "capabilities": ["compare"], "deadline_ms": 200},
        )
        bids = [(self.id("evt"), who) for who in dice.sample(_WORKERS, 3)]
        for bid, who in bids:
            asked = {
                "cost": round(dice.random(), 3),
                "eta_ms": dice.randint(50, 900),
                "confidence": round(dice.random(), 2),
            }
            yield _signal(bid, trace, offer, "BID", who, asked)
        award = self.id("evt")
        yield _signal(award, trace, bids[0][0], "TASK_AWARDED", bids[0][1], {"input": {"text": _TEXT}})
        for bid, who in bids[1:]:
            yield _signal(self.id("evt"), trace, bid, "TASK_DECLINED", who, {"reason": "outbid"})
        parent = award
        for number in range(dice.randint(2, 12)):
            delta = {"text": _TEXT[number * 7 :], "seq": number}
            yield _signal(self.id("evt"), trace, award, "THOUGHT_DELTA", bids[0][1], delta)
        if dice.random() < 0.02:
            question = self.id("evt")
            yield _signal(
                question, trace, award, "CLARIFICATION", bids[0][1], {"question": "Which harbour is meant?"}
            )
            yield _signal(
                self.id("evt"), trace, question, "CLARIFICATION_ANSWER", bids[0][1], {"answer": "The old one"}
            )
        if dice.random() < 0.03:
            yield _signal(
                self.id("evt"), trace, parent, "ERROR", bids[0][1], {"code": "X", "message": "no crane"}
            )
            return
        output = self.id("evt")
        yield _signal(output, trace, parent, "AGENT_OUTPUT", bids[0][1], {"output": {"text": _TEXT * 2}})
        yield _signal(self.id("evt"), trace, output, "FINAL", "", {"result": {"text": _TEXT}})

    def beat(self, number: int) -> dict[str, Any]:
        who = _WORKERS[number % len(_WORKERS)]
        kind = "REGISTER" if number < len(_WORKERS) else "HEARTBEAT"
        payload = {"capabilities": ["compare"]} if kind == "REGISTER" else {"status": "ok", "load": 0.4}
        return _signal(self.id("evt"), self.id("trc"), None, kind, who, payload)


def _signal(
    id: str, trace: str, parent: str | None, kind: str, who: str, payload: dict[str, Any]
) -> dict[str, Any]:
    fields: dict[str, Any] = {"v": "1", "id": id, "trace_id": trace, "type": kind}
    if parent is not None:
        fields["parent_id"] = parent
    if who:
        fields["directed"] = {"id": who, "type": "neuron"}
    return {**fields, "payload": payload, "meta": {}}


def signals(count: int, seed: int = 6) -> Iterator[dict[str, Any]]:
    """So many signals, without their times."""
    maker = _Maker(seed)
    under_way: deque[Iterator[dict[str, Any]]] = deque()
    made = beats = 0
    while made < count:
        if made % 200 < 1 or beats < len(_WORKERS):
            yield maker.beat(beats)
            beats += 1
        else:
            while len(under_way) < ABREAST:
                under_way.append(maker.workflow())
            flow = under_way.popleft()
            signal = next(flow, None)
            if signal is None:
                continue
            under_way.append(flow)
            yield signal
        made += 1


def write(path: Path, count: int, seed: int = 6) -> None:
    """Write a recording of so many signals."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    with path.open("w", encoding="utf-8") as file:
        for number, signal in enumerate(signals(count, seed)):
            moment = datetime.fromtimestamp(BEGIN + number * GAP_S, UTC)
            stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            lead = {"rx": stamp, "subject": f"cosmonapse.bench.{signal['type']}"}
            file.write(encode({**lead, **signal, "ts": stamp}) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))

"""What a measuring process is told, and what it says."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

TEXT = "Please check the totals of this invoice and name every line whose tax rate looks wrong. "


def told() -> dict[str, Any]:
    """The parameters of this process."""
    return json.loads(sys.argv[1])


def say(**facts: Any) -> None:
    """One line for whoever started this process."""
    print(json.dumps(facts), flush=True)


def finish(result: dict[str, Any]) -> NoReturn:
    """Say what was measured and end at once: how a system shuts down is not measured."""
    say(result=result)
    sys.stdout.flush()
    os._exit(0)


def sdk(name: str) -> Any:
    """The SDK under measurement; all of them have the same names."""
    return importlib.import_module(name)


def envelope(size: int) -> bytes:
    """An AGENT_OUTPUT as it crosses the wire, with a text of `size` characters in it."""
    text = (TEXT * (size // len(TEXT) + 1))[:size]
    return json.dumps(
        {
            "v": "1",
            "id": "evt_01JD8Q4T5ZK6M0Y7V9W2X3A4B5",
            "trace_id": "trc_01JD8Q4T5ZK6M0Y7V9W2X3A4B6",
            "parent_id": "evt_01JD8Q4T5ZK6M0Y7V9W2X3A4B7",
            "type": "AGENT_OUTPUT",
            "directed": {"id": "invoice-checker", "type": None, "capabilities": []},
            "ts": "2026-01-05T09:30:00.250000Z",
            "payload": {"output": {"verdict": text, "lines": 3}, "number": 0},
            "meta": {"model": "small"},
        },
        separators=(",", ":"),
    ).encode()


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which this share of them lies; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


async def connected(name: str, url: str) -> Any:
    """A synapse of the SDK: in memory when the URL is empty."""
    module = sdk(name)
    if url:
        return await module.connect_synapse(url)
    synapse = module.MemorySynapse()
    await synapse.connect()
    return synapse

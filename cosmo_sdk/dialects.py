"""Older spellings of the protocol, read and never written (PROTOCOL 2.2).

The peers' May 2026 draft named several payload keys differently. Reading adds today's key beside the old one,
so that nothing downstream knows more than one spelling.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from cosmo_sdk.signal_types import SignalType

_T = SignalType

ALIASES: dict[SignalType, tuple[tuple[str, str], ...]] = {
    _T.ERROR: (("code", "kind"), ("recoverable", "retriable")),
    _T.TASK_OFFER: (("capabilities", "required_caps"), ("deadline_ms", "bid_window_ms")),
    _T.BID: (("cost", "cost_estimate_usd"),),
    _T.AUDIT: (("domain", "audit"),),
    _T.TOOL_RESULT: (("result", "value"),),
    _T.MEMORY_APPEND: (("value", "entry"),),
    _T.CONSENSUS: (("verdict", "outcome"),),
    _T.CONTEXT_SYNC: (("snapshot", "ref"),),
}
"""By type: (key written today, key of the draft)."""

RESPELLED: frozenset[SignalType] = frozenset({*ALIASES, _T.REGISTER})
"""Types that `modernise` may have to change."""


def modernise(type: SignalType, payload: dict[str, Any]) -> None:
    """Add today's key wherever only the draft's is present. Changes `payload` in place."""
    for current, draft in ALIASES.get(type, ()):
        if draft in payload and current not in payload:
            payload[current] = payload[draft]
    if type is _T.REGISTER and "role" not in payload:
        # Before 0.1.5 nobody said what registered; memories alone had a mark.
        payload["role"] = "engram" if payload.get("engram") is True else "neuron"


def read_timestamp(value: Any) -> datetime | None:
    """A timestamp in any form released peers accept: RFC 3339, a date, epoch seconds or milliseconds.

    Naive values are UTC. None when it is no timestamp at all.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
        else:
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if isinstance(value, int | float):
        try:
            # PROTOCOL 1.3: numbers past the year 2286 in seconds are milliseconds.
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e10 else value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""An escape of JSON, or the two of a surrogate pair; the group is half of one that stands alone."""


def read_odd_json(frame: bytes | str, *, halves: bool = True) -> Any:
    """JSON with numbers that JSON does not have (NaN, Infinity, 1e999), which released peers accept (PROTOCOL 1.4).

    Slow, and meant for frames that a strict decoder refused.

    Args:
        frame: what it refused.
        halves: also take half a surrogate pair, which no text may hold, for the six letters of its escape: for who
            only looks. Whoever works with a frame could not send it on.

    Raises:
        ValueError: it is no JSON even so.
        RecursionError: it is nested too deeply.
    """
    text = frame if isinstance(frame, str) else frame.decode("utf-8")
    if halves:
        text = _ESCAPE.sub(lambda escape: rf"\\u{escape[1]}" if escape[1] else escape[0], text)
    value = json.loads(text)
    # Half a surrogate pair passes json, but not what others read it with.
    msgspec.json.encode(value)
    return value

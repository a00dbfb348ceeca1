"""Signals, frames and JSON made up by Hypothesis."""

from __future__ import annotations

import json
from datetime import UTC

from hypothesis import strategies as st

from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.signal_types import SignalType

MINIMAL = {
    "v": "1",
    "id": "evt_1",
    "trace_id": "trc_1",
    "type": "TASK",
    "ts": "2026-01-01T00:00:00Z",
}
DIRECTED_BAD_TYPES = [
    {"id": 5},
    {"type": ["a"]},
    {"capabilities": "brew"},
    {"capabilities": None},
    "brewer",
    [],
]

# JSON that every peer can carry: no lone surrogates, integers within 64 bits.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | text
json_values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(text, json_values, max_size=3)
directed = st.builds(
    Directed, id=st.none() | text, type=st.none() | text, capabilities=st.lists(text, max_size=2)
)
# A payload whose keys old dialects used gains today's keys when it is read: that is tested apart.
plain_types = st.sampled_from([SignalType.TASK, SignalType.FINAL, SignalType.PLAN, SignalType.STOP])
signals = st.builds(
    Signal,
    type=plain_types,
    parent_id=st.none() | text.map("evt_".__add__),
    directed=st.none() | directed,
    ts=st.datetimes(timezones=st.just(UTC)),
    payload=objects,
    meta=objects,
)


def frame(**changes):
    fields = {**MINIMAL, **changes}
    return json.dumps({key: value for key, value in fields.items() if value is not ...})

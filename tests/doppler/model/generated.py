"""Frames and sessions made up by Hypothesis."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from cosmo_sdk.signal_types import SignalType
from tests.doppler.model.folding import frame

TYPES = [*map(str, SignalType), "NEW", ""]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
ids = st.sampled_from([f"evt_{n}" for n in range(6)] + ["", "x"])
PAYLOAD_KEYS = [
    "input",
    "deadline_ms",
    "capabilities",
    "cost",
    "eta_ms",
    "confidence",
    "question",
    "action",
    "reason",
    "context",
    "role",
    "status",
    "load",
    "version",
    "winning_bid",
    "steps",
    "hits",
    "error",
    "granted",
    "cancelled",
    "compensated",
    "op",
    "id",
    "engram",
]
payloads = st.dictionaries(st.sampled_from(PAYLOAD_KEYS), json_values, max_size=4)
odd_frames = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "v": st.just("1") | json_values,
        "id": ids | json_values,
        "trace_id": st.sampled_from(["trc_1", "trc_2", "x"]) | json_values,
        "parent_id": ids | json_values,
        "directed": st.fixed_dictionaries({"id": st.sampled_from(["a", "b"]) | json_values}) | json_values,
        "neuron": json_values,
        "ts": json_values,
        "payload": payloads | json_values,
        "meta": json_values,
    },
).map(lambda fields: json.dumps(fields).encode())
anything = st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()) | odd_frames


signals = st.builds(
    lambda type, id, parent, who, trace, payload: frame(
        type, str(id), parent=None if parent is None else str(parent), who=who, trace=trace, **payload
    ),
    st.sampled_from([*map(str, SignalType)]),
    st.integers(0, 30),
    st.none() | st.integers(0, 30),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["1", "2", "3"]),
    payloads,
)
COORDINATED = {
    "pool.created": ("CONTEXT_SYNC", {"snapshot": {"admission": {}}}),
    "pool.joined": ("MEMORY_APPEND", {"value": {"agent": "a", "size": 1}}),
    "task.submitted": ("MEMORY_APPEND", {"value": {"state": "pending"}}),
    "task.claimed": ("MEMORY_APPEND", {"value": {"state": "assigned", "agent": "a", "attempt": 1, "lease_ms": 900}}),
    "task.completed": ("MEMORY_APPEND", {"value": {"state": "completed", "agent": "a", "result": 1}}),
    "task.snapshot": ("CONTEXT_SYNC", {"snapshot": {"state": "running", "agent": "b", "lease_ms": 2000}}),
    "vote.cast": ("MEMORY_APPEND", {"value": {"agent": "b", "option": "x", "present": 1}}),
    "vote.closed": ("CONSENSUS", {"vote": {"status": "no_quorum", "quorum_needed": 3}}),
    "negotiation.proposed": ("MEMORY_APPEND", {"value": {"agent": "a", "content": {"n": 1}, "round": 1}}),
    "auction.opened": ("TASK_OFFER", {"input": {"coord": "auction", "auction_type": "english", "start": 1}}),
    "auction.bid": ("BID", {"cost": 1}),
    "auction.unsold": ("TASK_DECLINED", {"reason": "unsold:no_bids"}),
    "delegation.granted": ("MEMORY_APPEND", {"value": {"delegator": "a", "delegatee": "b", "scope": ["*"]}}),
    "delegation.revoked": ("MEMORY_APPEND", {"value": {"agent": "a"}}),
}  # fmt: skip
coordinated = st.builds(
    lambda kind, id, parent, trace, rev, mode: frame(
        COORDINATED[kind][0],
        str(id),
        parent=None if parent is None else str(parent),
        who="coord:a" if kind == "auction.bid" else None,
        trace=trace,
        meta={
            "coord": {
                "v": 1,
                "kind": kind,
                "subject": f"trc_{trace}",
                "store": f"trc_{trace}",
                "rev": rev,
                "mode": mode,
            }
        },
        **COORDINATED[kind][1],
    ),
    st.sampled_from(sorted(COORDINATED)),
    st.integers(0, 30),
    st.none() | st.integers(0, 30),
    st.sampled_from(["1", "2", "3"]),
    st.integers(0, 20),
    st.sampled_from(["mirror", "live"]),
)
sessions = st.lists(st.tuples(st.floats(0, 3), signals | coordinated), max_size=15).map(
    lambda frames: sorted(frames, key=lambda each: each[0])
)

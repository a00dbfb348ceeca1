"""Faults of recorded and of invented sessions: no false alarm, the same whatever the pace, and nothing raises."""

from __future__ import annotations

from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import read_header
from tests.doppler.model.faulty import found, kinds
from tests.doppler.model.folding import fold, frame

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize("name", ["peer-0.1.14.ndjson", "peer-0.1.8.ndjson"])
def test_a_recorded_session_has_the_faults_it_really_had(name: str):
    frames = (DATA / name).read_bytes().splitlines()
    headers = [read_header(data) for data in frames]
    sent_at = [datetime.fromisoformat(str(header.ts)).timestamp() for header in headers]
    board = fold(*zip(accumulate(sent_at, max), frames, strict=True))
    assert kinds(board) == ["failed", "no bid"]
    board.advance(board.now + 3600)
    # One bid came after the award, and one worker ended without a word.
    assert [(fault.kind, fault.who) for fault in found(board)] == [
        ("failed", "clumsy"),
        ("no bid", ""),
        ("late bid", "samovar"),
        ("silent", "patient"),
    ]


def seen(board: Board) -> list[tuple[Any, ...]]:
    return [
        (id, fault.kind, fault.at, fault.last_at, fault.count, fault.sentence, fault.look, fault.over_at)
        for id, fault in board.faults.by_id.items()
    ]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_known_at_a_point_does_not_depend_on_how_one_got_there(data: st.DataObject):
    whos = st.sampled_from(["a", "b", "ghost"])
    ids = st.sampled_from(["1", "2", "3", "4", "5", "6"])
    gaps = st.sampled_from([0.0, 0.05, 0.6, 2.0, 7.0, 40.0])
    types = st.sampled_from(
        [
            "TASK",
            "TASK_OFFER",
            "BID",
            "TASK_AWARDED",
            "TASK_DECLINED",
            "AGENT_OUTPUT",
            "ERROR",
            "STOP",
            "REGISTER",
            "HEARTBEAT",
            "DEREGISTER",
            "DISCOVER",
        ]
    )
    at, frames = 0.0, []
    for _ in range(data.draw(st.integers(5, 30))):
        at += data.draw(gaps)
        kind, id = data.draw(types), data.draw(ids)
        made = frame(
            kind,
            f"{kind}{id}",
            parent=data.draw(st.sampled_from([None, "TASK1", "BID1", "TASK_OFFER1", "TASK_AWARDED1"])),
            trace=data.draw(st.sampled_from("12")),
            who=data.draw(whos),
            capabilities=[],
            deadline_ms=100,
            cost=1.0,
        )
        frames.append((at, made))
    end = at + data.draw(gaps)
    often, once = Board(), Board()
    for seq, (moment, made) in enumerate(frames):
        for step in (0.25, 0.5, 0.75):
            often.advance(often.now + (moment - often.now) * step)
        for board in (often, once):
            board.apply(Observed(seq, moment, "cosmonapse.dev.X", read_header(made)))
    for share in (0.3, 0.7, 1.0):
        often.advance(often.now + (end - often.now) * share)
    once.advance(end)
    often.advance(end)
    assert seen(often) == seen(once)
    assert often.presence.counts == once.presence.counts
    assert once.presence.counts.total() == len(once.roster)
    for who in once.roster.values():
        assert who.state == who.liveness(end)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_payload_makes_it_raise(data: st.DataObject):
    odd = st.recursive(
        st.none() | st.booleans() | st.sampled_from([0, -1, 1e308, 5e-324, 2**63, "", "x" * 900, "evt_t"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
        max_leaves=4,
    )
    board = Board()
    for seq in range(data.draw(st.integers(1, 12))):
        fields = {
            "v": "1",
            "id": data.draw(st.sampled_from(["evt_t", "evt_u", "evt_w", 7, None])),
            "trace_id": data.draw(st.sampled_from(["trc_1", "", None])),
            "parent_id": data.draw(st.sampled_from(["evt_t", "evt_u", "evt_w", None])),
            "type": data.draw(st.sampled_from(TYPES)),
            "ts": data.draw(st.sampled_from(["2026-01-01T00:00:00Z", 1e18, -1, "never", None])),
            "directed": {"id": data.draw(st.sampled_from(["a", "z" * 300, ""]))},
            "payload": {key: data.draw(odd) for key in data.draw(st.sets(st.sampled_from(KEYS), max_size=4))},
            "meta": {"cosmo.withdraws": data.draw(odd), "coord": data.draw(st.booleans())},
        }
        board.apply(Observed(seq, float(seq), "x", read_header(msgspec.json.encode(fields))))
    board.advance(1e5)
    assert all(len(fault.sentence) <= 600 for fault in found(board))
    for who in board.roster.values():
        assert who.capacity() is None or who.capacity() >= 1


KEYS = [
    "seq",
    "eta_ms",
    "cost",
    "winning_bid",
    "load",
    "in_flight",
    "capabilities",
    "error",
    "tool",
    "call_id",
]
TYPES = ["TASK", "TASK_OFFER", "BID", "TASK_AWARDED", "AGENT_OUTPUT", "ERROR", "THOUGHT_DELTA", "HEARTBEAT"]
TYPES += ["REGISTER", "TOOL_CALL", "TOOL_RESULT", "RECALLED", "STOP", "FINAL", "DEREGISTER", "ODD"]

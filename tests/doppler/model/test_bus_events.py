"""What a bus says of gates and faults is shown, and is no signal."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.bus_events import read_any
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.store import Store

HELD = b'{"gate":"g","event":"held","hold":"h1","signal_id":"evt_1","type":"BID","trace_id":"trc_12345678","waiting":2}'
GONE = b'{"gate":"g","event":"gone","reason":"owner left"}'
LOST = b'{"rule":"r","event":"drop","signal_id":"evt_1","type":"BID","trace_id":"trc_12345678"}'


@pytest.mark.parametrize(
    ("subject", "frame", "kind", "who", "text"),
    [
        ("_gate.dev", HELD, "GATE", "g", "held  BID of 12345678  2 waiting"),
        ("_gate.dev", GONE, "GATE", "g", "gone  owner left"),
        ("_chaos.dev", LOST, "CHAOS", "r", "drop  BID of 12345678"),
    ],
)
def test_an_event_reads_like_a_signal_in_the_log(subject, frame, kind, who, text):
    store = Store()
    store.append(1.0, subject, frame)
    header = store.header(0)
    assert (header.type, header.who, header.problem, describe(header)) == (kind, who, "", text)


def test_events_are_counted_apart_and_touch_no_trace():
    store, board = Store(), Board()
    for subject, frame in (("_gate.dev", HELD), ("_chaos.dev", LOST), ("_gate.dev", b"[")):
        store.append(1.0, subject, frame)
        board.apply(store.observed(len(store) - 1))
    assert (board.interventions, board.malformed, board.traces, board.types) == (3, 0, {}, {})


def test_what_is_no_event_says_why():
    assert read_any("_gate.dev", b"nonsense").problem.startswith("no event of a bus: ")

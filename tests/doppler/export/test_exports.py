from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cosmo_bus.recording import RecordingWriter, read_recording
from cosmo_doppler import export
from cosmo_doppler.session import Session, load_all, open_replay
from tests.doppler.tui.market import START, market, signal

STEPPED = Path(__file__).parents[3] / "snapshots" / "data" / "stepped.ndjson"
"""A recording of somebody who holds, edits and drops bids."""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    path = tmp_path / "market.ndjson"
    writer = RecordingWriter(path)
    inner = signal(
        "BID", "BAD", "ONE", parent="OFFER1", who="=cmd|x", payload={"cost": -1, "confidence": 0.5}
    )
    for at, frame in [*market(), (START + 9, inner)]:
        writer.write(at, f"cosmonapse.dev.{frame['type']}", json.dumps(frame).encode())
    writer.close()
    session = open_replay(path, paused=True)
    load_all(session)
    return session


def long(prefix: str, end: str) -> str:
    return f"{prefix}_{end:0>26}"


def test_a_trace_is_exported_as_it_was_recorded(session: Session, tmp_path: Path) -> None:
    board, store = session.timeline.board, session.store
    out = tmp_path / "one.ndjson"
    out.write_bytes(b"".join(export.recording_lines(store, export.trace_seqs(board, long("trc", "ONE")))))
    lines = list(read_recording(out))
    assert [line.problem for line in lines] == [""] * 7
    assert all(long("trc", "ONE").encode() in line.frame for line in lines)
    assert lines[0].at == pytest.approx(START + 0.6)
    assert export.trace_seqs(board, "trc_unknown") == []


def test_an_auction_is_its_offer_its_bids_and_what_bidders_were_told(session: Session) -> None:
    board, store = session.timeline.board, session.store
    auction = board.auctions[long("evt", "OFFER1")]
    seqs = export.auction_seqs(board, auction)
    kinds = [store.type(seq) for seq in seqs]
    assert kinds == ["TASK_OFFER", "BID", "BID", "TASK_AWARDED", "TASK_DECLINED", "BID"]


def test_bids_are_a_table_that_a_spreadsheet_reads(session: Session) -> None:
    board = session.timeline.board
    rows = list(csv.DictReader(io.StringIO(export.bids_csv(board.auctions.values(), board.by_hand))))
    assert tuple(rows[0]) == export.BID_COLUMNS
    ada, bob, bad, nobody = rows
    assert (ada["bidder"], ada["cost"], ada["state"], ada["reason"]) == (
        "ada",
        "0.005",
        "declined",
        "not selected",
    )
    assert (bob["state"], bob["after_ms"], bob["auction"]) == ("won", "400.000", "awarded")
    assert (bad["bidder"], bad["state"]) == ("'=cmd|x", "invalid")
    assert "cost" in bad["reason"]
    assert (nobody["offer_id"], nobody["bid_id"], nobody["auction"]) == (long("evt", "OFFER2"), "", "no bid")


def test_bids_that_somebody_touched_say_so_in_the_table() -> None:
    session = open_replay(STEPPED, paused=True)
    load_all(session)
    board = session.timeline.board
    rows = {
        row["bid_id"]: row
        for row in csv.DictReader(io.StringIO(export.bids_csv(board.auctions.values(), board.by_hand)))
    }
    done = [each for each in board.by_hand.order if each.type == "BID" and each.held_s is not None]
    assert {each.kind for each in done} >= {"edited", "dropped"}
    for each in done:
        row = rows[each.signal_id]
        assert float(row["held_ms"]) == pytest.approx((each.held_s or 0) * 1000, abs=0.001)
        assert row["edited"] == (each.changed() if each.kind == "edited" else "")
    touched = {each.signal_id for each in done}
    assert {(row["edited"], row["held_ms"]) for id, row in rows.items() if id not in touched} == {("", "")}
    session.stop()


def test_a_page_tells_a_trace(session: Session) -> None:
    page = export.trace_page(session.timeline.board, session.store, long("trc", "ONE"))
    assert page.startswith("# Trace add the figures\n")
    assert "* **State**: waiting" in page
    assert "## Auction" in page
    assert "| 2 | bob | 400.0 ms | 0.002 | 300 ms | 0.90 | won |" in page
    assert "* **Explained by**: `lowest_cost`, `highest_confidence`" in page
    assert "invalid: " in page
    assert page.count("| CLARIFICATION | bob |") == 1


def test_a_page_of_an_auction_without_bids_says_so(session: Session) -> None:
    page = export.auction_page(session.timeline.board.auctions[long("evt", "OFFER2")])
    assert page.startswith("# Auction ")
    assert page.endswith("Nobody bid.")
    assert "* **Outcome**: no bid" in page

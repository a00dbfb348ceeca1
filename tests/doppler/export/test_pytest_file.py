"""An auction as a pytest file that reproduces it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cosmo_bus.recording import read_line
from cosmo_doppler.export.pytest_file import export_pytest
from tests.doppler.model.folding import fold, frame

ROUND = (
    ("s-b", 0.0061, {"cost": 0.005, "eta_ms": 120, "confidence": 0.81}),
    ("s-a", 0.0098, {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}),
    ("s-c", 0.0140, {"cost": 0.0041, "eta_ms": 210, "confidence": 0.97}),
    ("s-d", 0.2613, {"cost": 0.001, "eta_ms": 900, "confidence": 0.99}),
)


def exported(*bids, winner=1, at=0.2515, declined=(), offer=None, **asked):
    """The file of a round whose award and declines come as a real producer sends them."""
    asked = {"input": {"text": "a long article"}, "capabilities": ["summarize"], "deadline_ms": 250, **asked}
    frames = [(0.0, offer or frame("TASK_OFFER", "o", **asked))]
    frames += [
        (when, frame("BID", f"b{index}", parent="o", who=who, **payload))
        for index, (who, when, payload) in enumerate(bids)
    ]
    if winner is not None:
        frames.append((at, frame("TASK_AWARDED", "w", parent=f"b{winner}", who=bids[winner][0])))
    frames += [
        (
            at,
            frame(
                "TASK_DECLINED", f"d{index}", parent=f"b{index}", who=bids[index][0], reason="not selected"
            ),
        )
        for index in declined
    ]
    frames.sort(key=lambda each: each[0])
    board = fold(*frames, until=5.0)
    return export_pytest(board.auctions["evt_o"], lambda seq: frames[seq][1])


def run(text, directory):
    """pytest over the file, in a process of its own and far from this project's settings."""
    path = directory / "test_exported.py"
    path.write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(path)],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_passes_and_fails_once_the_strategy_is_another(tmp_path):
    text = exported(*ROUND, declined=(0, 2))
    passed = run(text, tmp_path)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    changed = text.replace("select='lowest_cost'", "select='highest_confidence'")
    assert changed != text
    failed = run(changed, tmp_path)
    assert failed.returncode == 1
    assert "assert 's-c' == 's-a'" in failed.stdout


def outcome_of(text):
    """Run the one test of a file here."""
    module: dict[str, object] = {}
    exec(compile(text, "test_exported.py", "exec"), module)
    [test] = [value for name, value in module.items() if name.startswith("test_")]
    test()
    return module["AUCTION"].run(module["produce"])


def test_the_file_says_what_is_known_of_the_strategy():
    text = exported(*ROUND, declined=(0, 2))
    assert "is explained by lowest_cost alone" in text
    assert outcome_of(text).winner == "s-a"


def test_a_first_bid_is_reproduced():
    text = exported(*ROUND[:2], winner=0, at=0.0065)
    assert "select='first_bid'" in text
    assert outcome_of(text).winner == "s-b"


def test_a_round_without_bids_ends_without_a_winner():
    assert outcome_of(exported(winner=None)).winner == ""


def test_a_bid_weighed_after_the_window_by_our_clock_comes_in_time():
    late = ("s-d", 0.2505, {"cost": 0.001})
    text = exported(*ROUND[:2], late, winner=2, at=0.2520, declined=(0, 1))
    assert outcome_of(text).winner == "s-d"


def test_an_award_that_no_strategy_explains_says_so():
    text = exported(*ROUND[:3], winner=0, declined=(1, 2), at=0.26)
    assert "No known strategy chooses this winner" in text
    with pytest.raises(AssertionError):
        outcome_of(text)


HOSTILE = '"""\n\\"); import os; os.abort()  # \x1b[2J \u202e {winner} {0} '


def test_text_from_the_bus_stays_text():
    text = exported(
        (HOSTILE, 0.01, {"cost": 1, "note": HOSTILE, HOSTILE: [HOSTILE, None, True, 1e400]}),
        winner=0,
        input={"text": HOSTILE, HOSTILE: {"deep": [HOSTILE]}},
        capabilities=[HOSTILE],
    )
    assert text.isascii()
    assert "\x1b" not in text
    outcome = outcome_of(text)
    assert outcome.winner == HOSTILE
    assert outcome.transcript.signals()[0].payload["input"]["text"] == HOSTILE


@pytest.mark.parametrize("version", ["0.1.8", "0.1.14"])
def test_every_auction_a_peer_recorded_is_reproduced(version):
    lines = (Path(__file__).parents[1] / "data" / f"peer-{version}.ndjson").read_bytes().splitlines()
    read = [read_line(number, line) for number, line in enumerate(lines, 1)]
    frames = [(each.at, each.frame) for each in read]
    board = fold(*frames, until=frames[-1][0] + 60)
    for auction in board.auctions.values():
        text = export_pytest(auction, lambda seq: frames[seq][1])
        assert outcome_of(text).winner == auction.winner

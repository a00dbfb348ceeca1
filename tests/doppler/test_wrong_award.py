"""From a wrong award to the right one, as a person lives it: real processes, a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.doppler.cli.commands import bus_process, running
from tests.doppler.terminal import Terminal, on_terminal

MARKET = (sys.executable, "-m", "tests.doppler.small_market")

CTRL_S, CTRL_U = "\x13", "\x15"


@pytest.fixture
def market(tmp_path: Path) -> Iterator[str]:
    """The URL of a bus with two workers on it."""
    with bus_process(tmp_path) as (_, url), running("workers", url, program=MARKET) as workers:
        workers.wait_for("at work")
        yield url


@contextmanager
def looking(*arguments: str) -> Iterator[Terminal]:
    """Doppler on a terminal, which it leaves in order."""
    with on_terminal("doppler", *arguments, "--view", "auctions") as doppler:
        yield doppler
        doppler.type("q")
        assert doppler.end() == 0


def sell(url: str) -> str:
    """Have the producer sell one piece of work: who did it, and how."""
    with running("producer", url, program=MARKET) as producer:
        assert producer.end() == 0, producer.text
    return producer.out[0]


def test_somebody_finds_a_wrong_award_and_makes_the_other_worker_win(market: str, tmp_path: Path) -> None:
    recording = tmp_path / "yesterday.ndjson"
    record(market, recording)
    explain(recording)
    act(market)


def record(market: str, recording: Path) -> None:
    """Watch a round that the wrong worker wins, and keep it."""
    with looking("--url", market, "-n", "dev", "--record", str(recording)) as doppler:
        doppler.shows("Registry 2/2")
        assert sell(market) == "cheap: no idea"
        doppler.shows("cheap .*WON")
        doppler.shows("REC ")


def explain(recording: Path) -> None:
    """Find out from the recording why, and what another strategy would have come to."""
    with looking(str(recording), "--paused") as doppler:
        doppler.shows("PAUSED")
        doppler.type("L")
        doppler.shows("cheap .*WON")
        doppler.shows("careful .*declined")
        doppler.shows("explained by +lowest_cost")
        doppler.shows("not highest_confidence: careful said 0.95")
        doppler.type("w")
        doppler.shows("highest_confidence +careful")
        doppler.type("O")
        doppler.shows("a recording")


def act(market: str) -> None:
    """Offer the same again to the surest; then step the producer's own round and change a bid in it."""
    with looking("--url", market, "-n", "dev") as doppler:
        doppler.shows("Registry 2/2")
        assert sell(market) == "cheap: no idea"
        doppler.shows("cheap .*WON")

        doppler.type("R")
        doppler.click("most confident", "● most confident")
        doppler.insist(CTRL_S, "careful at 0.05 won, before it was cheap at 0.01")
        doppler.shows("careful .*WON")

        break_on_bids(doppler)
        with running("producer", market, program=MARKET) as producer:
            change_the_bid_of_careful(doppler)
            assert producer.wait_for("careful") == "careful: the harvest was good"
            assert producer.end() == 0
        doppler.hides("HELD")
        doppler.type("2")
        doppler.insist("g", r"careful.* 0\.001 .*WON")
        doppler.shows(r"cheap .*declined")
        doppler.shows(r"careful +edited by doppler: cost 0\.05 → 0\.001")


def break_on_bids(doppler: Terminal) -> None:
    """Have the bus hold every bid."""
    doppler.type("B")
    doppler.shows("Set break")
    # A form that just opened is deaf: once it takes a key, it takes all.
    doppler.insist("x", "When +x+ ")
    doppler.type(CTRL_U)
    doppler.hides("When +x")
    doppler.type("type:BID")
    doppler.shows("When +type:BID +│")
    doppler.type(CTRL_S)
    doppler.hides("Set break")
    doppler.type("v")
    doppler.shows("1 break on")


def change_the_bid_of_careful(doppler: Terminal) -> None:
    """Let the first bid go, which is that of cheap, and make the other one cheaper."""
    doppler.shows("HELD 2 by type:BID")
    doppler.shows("frozen")
    doppler.type(",")
    doppler.shows("HELD 1 by type:BID")
    doppler.type("c")
    doppler.shows("Change a held signal")
    doppler.insist("9", "cost +9+ ")
    doppler.type(CTRL_U)
    doppler.hides("cost +9")
    doppler.type("0.001")
    doppler.shows("payload.cost +0.05 → 0.001")
    doppler.type(CTRL_S)
    doppler.hides("Change a held signal")

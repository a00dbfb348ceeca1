"""The observatory while something is written, looked for, lost, compared, or waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cosmo_doppler.model.baseline import Baseline, auction_likeness, round_of, run_of, trace_likeness
from cosmo_doppler.model.board import Board
from cosmo_doppler.session import Gap, Session
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look

RESEARCH = "VAK0DQCW"
FIRST, SECOND = "PVP1TK6S", "GDNE2DPR"
"""The same thing asked twice."""
LOOKS = {"plain": Look(), "ascii": Look(ascii=True), "contrast": Look(theme="contrast")}
KEYS = {
    " ": "space",
    ":": "colon",
    "/": "slash",
    "<": "less_than_sign",
    ".": "full_stop",
    "-": "minus",
    "*": "asterisk",
    "$": "dollar_sign",
}

Recording = Callable[..., Session]
Compare = Callable[..., None]


def typed(text: str) -> tuple[str, ...]:
    return tuple(KEYS.get(glyph, glyph) for glyph in text)


def yesterday(board: Board) -> Baseline:
    """The same run as it might have gone: quicker here and slower there, with other winners and other ends."""
    baseline = Baseline("yesterday.ndjson")
    for number, trace in enumerate(board.traces[id] for id in board.trace_order[:-1]):
        run = run_of(trace)
        run = run._replace(took_s=run.took_s * (0.6 + 0.1 * (number % 7)))
        failed = number % 5 == 4
        baseline.runs.add(trace_likeness(trace, board), run._replace(status="failed") if failed else run)
    for number, auction in enumerate(board.auctions[id] for id in board.auction_order[:-1]):
        held = round_of(auction)
        held = held._replace(cost=(held.cost or 0.0) * (0.9 + 0.1 * (number % 3)))
        if number % 4 == 3:
            held = held._replace(winner="heron", bidders=frozenset([*held.bidders, "heron"]) - {"otto"})
        baseline.rounds.add(auction_likeness(auction, board), held)
    return baseline


def test_a_filter_being_written(recording: Recording, looks_the_same: Compare) -> None:
    press = ("slash", *typed("type:BID co"))
    looks_the_same(recording(), "120x40", view="signals", press=press, says=("type:BID co",))


@pytest.mark.parametrize("look", LOOKS)
def test_a_filter_with_a_mistake(recording: Recording, looks_the_same: Compare, look: str) -> None:
    press = ("slash", *typed("typ:BID"))
    looks_the_same(recording(), "80x24", press=press, look=LOOKS[look], says=("did you mean", "type"))


@pytest.mark.parametrize("view", ["traces", "signals"])
def test_what_a_filter_finds(recording: Recording, looks_the_same: Compare, view: View) -> None:
    press = ("slash", *typed("has:error"), "enter")
    looks_the_same(recording(), "120x40", view=view, press=press, says=("has:error", "match"))


def test_a_filter_that_finds_nothing(recording: Recording, looks_the_same: Compare) -> None:
    press = ("slash", *typed("type:AUDIT"), "enter")
    looks_the_same(recording(), "120x40", press=press, says=("0 of 22 match", "esc"))


@pytest.mark.parametrize(
    ("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("120x40", "ascii"), ("200x60", "plain")]
)
def test_columns_of_ones_own(recording: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    columns = {"signals": ["time", "type", "who", "cost", "eta", "payload.confidence", "trace.bids", "says"]}
    mine = replace(LOOKS[look], columns=columns, filters={"market": "type:BID or type:TASK_AWARDED"})
    press = ("slash", *typed("$market"), "enter")
    looks_the_same(recording(), size, view="signals", press=press, look=mine, says=("$market", "cost", "eta"))


@pytest.mark.parametrize(("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("80x24", "ascii")])
def test_long_rows_moved_along(recording: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    press = ("slash", *typed("type:TASK*"), "enter", "l")
    says = ("< more",) if look == "ascii" else ("← more",)
    looks_the_same(recording(), size, view="signals", press=press, look=LOOKS[look], says=says)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_several_places_side_by_side(
    market: Recording, recording: Recording, standing: Recording, looks_the_same: Compare, size: str
) -> None:
    beside = (recording(), standing("reconnecting", detail="the bus went away", attempt=2))
    looks_the_same(market(), size, select=RESEARCH, beside=beside, says=("demo.ndjson", "reconnecting"))


@pytest.mark.parametrize("look", LOOKS)
def test_a_bus_that_went_away(market: Recording, looks_the_same: Compare, look: str) -> None:
    session = market()
    session.report("reconnecting", detail="nothing listens there", attempt=3)
    looks_the_same(
        session, "120x40", select=RESEARCH, look=LOOKS[look], says=("RECONNECTING", "nothing listens there")
    )


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_connecting(standing: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(standing("connecting", attempt=1), size, says=("CONNECTING",))


def test_paused_while_it_goes_on(market: Recording, looks_the_same: Compare) -> None:
    looks_the_same(market(), "120x40", select=RESEARCH, press=("space",), says=("PAUSED",))


def test_armed(market: Recording, looks_the_same: Compare) -> None:
    session = market()
    session.arm(False)
    looks_the_same(session, "120x40", press=("exclamation_mark",), says=("read and write", "goes out now"))


@pytest.mark.parametrize("look", ["plain", "ascii"])
def test_a_gap_in_the_stream(market: Recording, looks_the_same: Compare, look: str) -> None:
    session = market()
    place = len(session.store) - 8
    session.gaps.append(Gap(place, session.store.at(place - 1), session.store.at(place)))
    looks_the_same(session, "120x40", view="signals", look=LOOKS[look], says=("1 gap", "gap of "))


@pytest.mark.parametrize(("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("120x40", "ascii")])
def test_two_traces_compared(recording: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    press = ("D", "colon", *typed(f"trace {SECOND}"), "enter", "D")
    looks_the_same(recording(), size, select=FIRST, press=press, look=LOOKS[look], says=("Compare", "later"))


def test_two_auctions_compared(recording: Recording, looks_the_same: Compare) -> None:
    press = ("D", "j", "D")
    looks_the_same(recording(), "120x40", view="auctions", press=press, says=("Compare",))


@pytest.mark.parametrize(
    ("view", "size"), [("traces", "120x40"), ("auctions", "120x40"), ("auctions", "80x24")]
)
def test_against_a_baseline(recording: Recording, looks_the_same: Compare, view: View, size: str) -> None:
    session = recording()
    says = ("against yest", "baseline", "new", "was ")
    looks_the_same(session, size, view=view, baseline=yesterday(session.timeline.board), says=says)


@pytest.mark.parametrize("view", ["auctions", "signals", "topology"])
def test_help_of_a_pane(recording: Recording, looks_the_same: Compare, view: View) -> None:
    looks_the_same(recording(), "80x24", view=view, press=("question_mark",), says=(f"In {view}",))


@pytest.mark.parametrize("look", ["plain", "ascii"])
def test_the_palette(market: Recording, looks_the_same: Compare, look: str) -> None:
    looks_the_same(
        market(), "120x40", press=("ctrl+p", *typed("offer")), look=LOOKS[look], says=("Offer a task",)
    )


@pytest.mark.parametrize("look", ["plain", "contrast"])
def test_words_instead_of_keys(recording: Recording, looks_the_same: Compare, look: str) -> None:
    press = ("colon", *typed("thme dark"), "enter")
    looks_the_same(recording(), "120x40", press=press, look=LOOKS[look], says=("did you mean 'theme'?",))

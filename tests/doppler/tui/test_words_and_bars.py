from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.tui import bars, words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0002, "0.2 ms"),
        (0.0356, "35.6 ms"),
        (0.1, "100 ms"),
        (0.812, "812 ms"),
        (0.9999, "1.0 s"),
        (3.14, "3.1 s"),
        (99.97, "100 s"),
        (125, "2 min"),
        (-1, "0.0 ms"),
    ],
)
def test_durations_have_three_digits_at_most(seconds: float, said: str) -> None:
    assert words.joined(words.duration(seconds)) == said


@given(st.floats(0, 1e9))
def test_quantities_fit_their_columns(seconds: float) -> None:
    assert len(words.joined(words.duration(seconds))) <= 8
    assert len(words.joined(words.age(seconds))) <= 8


@given(st.floats(0, 9e8))
def test_money_fits_its_column(amount: float) -> None:
    assert len(words.money(amount)) <= 6


def test_money_keeps_the_digits_that_matter() -> None:
    amounts = (0, 0.00002, 0.069021, 1.2852, 12.346, 356.24, 12_345.6, 120_000)
    said = ["0", "2e-05", "0.0690", "1.285", "12.35", "356.2", "12,346", "0.12M"]
    assert [words.money(amount) for amount in amounts] == said


def test_numbers_in_words() -> None:
    assert words.count(18_231) == "18,231"
    assert words.count(1_204_000) == "1.20M"
    assert words.many(1, "bid") == "1 bid"
    assert words.many(3, "bid") == "3 bids"
    assert [words.size(n) for n in (12, 48_200, 1_240_000, 2_500_000_000)] == [
        "12 B",
        "48 kB",
        "1.2 MB",
        "2.50 GB",
    ]
    assert [words.rate(r) for r in (0, 0.42, 12.4, 1204)] == ["0", "0.4", "12", "1,204"]
    assert words.position(72.44) == "1:12.440"
    assert words.position(3672.44) == "1:01:12.440"
    assert words.speed(0.25) == "0.25x"
    assert words.speed(float("inf")) == "max"
    assert words.time_of_day(1_790_000_000.402) == "14:13:20.402"


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 80))
def test_a_bar_stands_inside_its_line_and_shows(first: float, last: float, width: int) -> None:
    bar = bars.span(min(first, last), max(first, last), width)
    assert bar.cells <= width
    assert bar.start or bar.body or bar.end


def test_bars_start_and_end_on_eighths() -> None:
    assert bars.span(0, 1, 4) == bars.Bar(0, "", "████", "")
    assert bars.span(0.25, 0.5, 8) == bars.Bar(2, "", "██", "")
    assert bars.span(3 / 32, 27 / 32, 4) == bars.Bar(0, "▍", "██", "▍")
    assert bars.span(0.5, 0.5, 4).end == "▏"


def test_a_countdown_shrinks_and_never_ends_early() -> None:
    lengths = [len(bars.countdown(left / 100, 8)) for left in range(100, -1, -1)]
    assert lengths == sorted(lengths, reverse=True)
    assert bars.countdown(1, 8) == "█" * 8
    assert bars.countdown(0.001, 8) == "▏"
    assert bars.countdown(0, 8) == ""


@given(st.floats(1e-6, 1e5), st.integers(10, 200))
def test_axes_have_round_steps_and_cover_the_span(seconds: float, width: int) -> None:
    axis = bars.axis_for(seconds, width)
    assert axis.length >= max(seconds, 0.001) * (1 - 1e-9)
    unit = 1 if seconds < 100 else 60 if seconds < 7_200 else 3600
    assert f"{axis.step / unit:e}"[0] in "125"
    labels = bars.tick_labels(axis, width)
    assert len(labels) == width
    # Figures are told in what the steps were chosen in, else they would be anything but round.
    names = {1: ("us", "ms", "s"), 60: ("min",), 3600: ("h",)}[unit]
    assert width < 20 or any(f" {name}" in labels for name in names)


def test_an_axis_that_ends_beyond_where_minutes_begin_still_counts_in_seconds() -> None:
    assert bars.tick_labels(bars.axis_for(99, 22), 22).split() == ["0", "50", "s", "100"]
    assert bars.tick_labels(bars.axis_for(101, 22), 22).split() == ["0", "1", "min", "2"]


def test_an_axis_grows_in_steps() -> None:
    lengths = {bars.axis_for(0.5 + tick / 1000, 40).length for tick in range(100)}
    assert len(lengths) <= 2
    assert bars.tick_labels(bars.axis_for(0.8, 40), 40).split() == ["0", "200", "ms", "400", "600", "800"]


def test_a_zoomed_axis_has_its_ticks_where_the_whole_one_has_them() -> None:
    axis = bars.Axis(0.4, 0.1, 0.25)
    assert bars.tick_labels(axis, 40) == "     300 ms    400       500       600  "
    assert (axis.place(0.25), axis.place(0.65)) == (0.0, 1.0)
    assert bars.tick_labels(bars.Axis(0.0004, 0.0001, 1.0), 40).split() == [
        "1000000",
        "us",
        "1000200",
        "1000300",
    ]


def test_sparklines_show_every_value_above_zero() -> None:
    assert bars.sparkline([0, 0.01, 4, 8], 8) == " ▁▄█"
    assert bars.sparkline([1, 2], 0) == "  "

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.layout import VIEWS, View
from cosmo_doppler.tui.look import Look

SIZES = ("80x24", "120x40", "200x60")
RESEARCH = "VAK0DQCW"
"""A trace of the recording with a plan, an auction inside an auction, and work for others."""
Recording = Callable[..., Session]
Compare = Callable[..., None]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_demo(market: Recording, looks_the_same: Compare, view: View, size: str) -> None:
    select = RESEARCH if view == "traces" else None
    looks_the_same(market(), size, view=view, select=select, says=(view.capitalize(), "DEMO"))


@pytest.mark.parametrize("size", SIZES)
def test_replay_at_its_end(recording: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(recording(), size, select=RESEARCH, says=("REPLAY", "read only"))


@pytest.mark.parametrize("size", SIZES)
def test_replay_in_the_middle(recording: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(recording(14.0), size, view="auctions", says=("PAUSED", "paused"))


@pytest.mark.parametrize("size", SIZES)
def test_replay_before_the_first_signal(recording: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(recording(), size, press=("circumflex_accent",), says=("No trace yet",))


@pytest.mark.parametrize("size", SIZES)
def test_unreachable(standing: Recording, looks_the_same: Compare, size: str) -> None:
    session = standing("unreachable", detail="nothing listens there", attempt=3)
    looks_the_same(session, size, says=("UNREACHABLE", "cosmo synapse start memory -n dev"))


@pytest.mark.parametrize("size", SIZES)
def test_empty(standing: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(standing("live"), size, says=("nothing has been said yet",))


def test_light_theme(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(recording(), "120x40", press=("ctrl+t",))


def test_help(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(recording(), "120x40", press=("question_mark",), says=("One row down",))


def test_inspector_alone(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(recording(), "80x24", press=("enter", "enter"), says=("envelope",))


def test_no_colour(recording: Recording, looks_the_same: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    looks_the_same(recording(), "120x40", says=("✓",))


@pytest.mark.parametrize("view", VIEWS)
def test_ascii(market: Recording, looks_the_same: Compare, view: View) -> None:
    looks_the_same(market(), "120x40", view=view, select=RESEARCH, look=Look(ascii=True), says=("DEMO",))


@pytest.mark.parametrize("view", ["traces", "auctions"])
def test_high_contrast(market: Recording, looks_the_same: Compare, view: View) -> None:
    select = RESEARCH if view == "traces" else None
    looks_the_same(market(), "120x40", view=view, select=select, look=Look(theme="contrast"))

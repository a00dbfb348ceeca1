"""A trace in its four ways, and one signal whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.panes.pathway import VIEWS, View

RESEARCH = "VAK0DQCW"
STOPPED = "0CRM33Z5"
"""A trace of the recording that was stopped, with what it had written undone."""

Recording = Callable[..., Session]
Compare = Callable[..., None]


@pytest.mark.parametrize("view", VIEWS)
def test_ways(recording: Recording, looks_the_same: Compare, view: View) -> None:
    press = ("enter", "z", *"w" * VIEWS.index(view))
    looks_the_same(recording(), "120x40", select=RESEARCH, press=press, says=(view, "critical path"))


def test_stopped(recording: Recording, looks_the_same: Compare) -> None:
    says = ("STOP at +1.5 s", "ledger, ledger-host stopped")
    looks_the_same(recording(), "80x24", select=STOPPED, press=("enter",), says=says)


def test_zoomed(recording: Recording, looks_the_same: Compare) -> None:
    press = ("enter", *"jjjj", "plus", "plus", "T")
    looks_the_same(recording(), "200x60", select=RESEARCH, press=press, says=("zoomed", "Times: absolute"))


def test_described(recording: Recording, looks_the_same: Compare) -> None:
    press = ("enter", *"jj", "d")
    looks_the_same(
        recording(), "200x60", select=RESEARCH, press=press, says=("atlas is given the work", "what followed")
    )

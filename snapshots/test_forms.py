"""Every form that asks before something is sent, written or opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.look import Look

RESEARCH = "VAK0DQCW"
LOOKS = {"plain": Look(), "ascii": Look(ascii=True), "contrast": Look(theme="contrast")}

Recording = Callable[..., Session]
Compare = Callable[..., None]


@pytest.mark.parametrize(
    ("size", "look"),
    [
        ("80x24", "plain"),
        ("120x40", "plain"),
        ("200x60", "plain"),
        ("120x40", "ascii"),
        ("120x40", "contrast"),
    ],
)
def test_offer(market: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    looks_the_same(market(), size, press=("O",), look=LOOKS[look], says=("New offer", "Window", "TASK_OFFER"))


def test_offer_with_a_mistake(market: Recording, looks_the_same: Compare) -> None:
    looks_the_same(market(), "80x24", press=("O", "tab", "delete"), says=("Input is not JSON",))


def test_offer_again(market: Recording, looks_the_same: Compare) -> None:
    looks_the_same(market(), "120x40", view="auctions", press=("R",), says=("Offer again", "a guess"))


@pytest.mark.parametrize(("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("120x40", "contrast")])
def test_stop(market: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    looks_the_same(
        market(), size, select=RESEARCH, press=("S",), look=LOOKS[look], says=("Send STOP", "Keep")
    )


@pytest.mark.parametrize(("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("120x40", "ascii")])
def test_answer(market: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    looks_the_same(
        market(), size, view="inbox", press=("A",), look=LOOKS[look], says=("Which year", "Waiting")
    )


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_permission(market: Recording, looks_the_same: Compare, size: str) -> None:
    looks_the_same(market(), size, view="inbox", press=("j", "A"), says=("Grant", "Deny"))


@pytest.mark.parametrize(("size", "look"), [("80x24", "plain"), ("120x40", "plain"), ("120x40", "ascii")])
def test_connect(standing: Recording, looks_the_same: Compare, size: str, look: str) -> None:
    looks_the_same(standing("live"), size, press=("C",), look=LOOKS[look], says=("Connect",))


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_export(
    recording: Recording,
    looks_the_same: Compare,
    size: str,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(str(tmp_path))
    looks_the_same(recording(), size, select=RESEARCH, press=("x",), says=("Export", "trace-"))


@pytest.mark.parametrize("look", ["plain", "contrast"])
def test_arm(standing: Recording, looks_the_same: Compare, look: str) -> None:
    from cosmo_doppler.session.live import ELSEWHERE

    session = standing("live")
    session.read_only_reason = ELSEWHERE
    looks_the_same(session, "80x24", press=("exclamation_mark",), look=LOOKS[look], says=("Allow sending",))


def test_mark(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(recording(), "80x24", press=("m",), says=("mark",))


def test_seek(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(recording(), "80x24", press=("ctrl+g", *"40%"), says=("40%",))

"""What if, and who keeps promises, beside the list of auctions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosmo_doppler.session import Session

TIED_DOWN = "5SKRPC16"
"""An auction that went to the surest of three, of whom another was far cheaper."""

Recording = Callable[..., Session]
Compare = Callable[..., None]


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x60"])
def test_what_if(recording: Recording, looks_the_same: Compare, size: str) -> None:
    score = ("W", *"score", "space", *"conf-cost", "asterisk", *"20", "enter")
    session = recording()
    looks_the_same(
        session,
        size,
        view="auctions",
        select=TIED_DOWN,
        press=score,
        says=("What if", "instead", "score conf-cost*20"),
    )


def test_promises(recording: Recording, looks_the_same: Compare) -> None:
    looks_the_same(
        recording(), "120x40", view="auctions", press=("w", "w"), says=("Promises", "least kept first")
    )

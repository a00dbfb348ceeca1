"""One word behind `:`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from cosmo_doppler.tui.scene import Scene

if TYPE_CHECKING:
    from cosmo_doppler.tui.screens.observatory import Observatory


class Command(NamedTuple):
    """A word and what may follow it."""

    name: str
    argument: str
    """What follows, for the hint; in brackets when nothing need follow."""
    help: str
    run: Callable[[Observatory, str], None]
    complete: Callable[[Scene], Iterable[str]] = lambda scene: ()
    """What may follow, to choose from."""
    several: bool = False
    """Whether more than one of these may follow, with commas between."""

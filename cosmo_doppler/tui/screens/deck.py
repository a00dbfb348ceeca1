"""What the groups of actions of the one screen share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from cosmo_doppler.session import Session
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.screens.stage import Stage
from cosmo_doppler.tui.widgets.filter_bar import FilterBar
from cosmo_doppler.tui.widgets.painted import Ground
from cosmo_doppler.tui.widgets.prompt import Prompt

if TYPE_CHECKING:

    class _Screen(Screen[None], Ground):
        """What each group of actions is a part of."""

else:

    class _Screen(metaclass=type(Screen)):
        """Only who puts the groups together is a screen: each of them would cost a millisecond before the first picture."""


class Deck(_Screen):
    """A screen over a session. Its actions stand in classes by what they are about."""

    session: Session
    scene: Scene
    stage: Stage
    prompt: Prompt
    filter_bar: FilterBar

    def turn(self) -> None:
        """One look at the session."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Tell the person something for a few seconds. Bus text in it is made safe."""
        raise NotImplementedError

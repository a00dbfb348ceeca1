"""What the groups of actions of the one screen share."""

from __future__ import annotations

from textual.screen import Screen

from cosmo_doppler.session import Session
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.screens.stage import Stage
from cosmo_doppler.tui.widgets.filter_bar import FilterBar
from cosmo_doppler.tui.widgets.painted import Ground
from cosmo_doppler.tui.widgets.prompt import Prompt


class Deck(Ground, Screen[None]):
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

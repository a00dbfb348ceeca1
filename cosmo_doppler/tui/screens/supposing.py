"""What is supposed about auctions, typed in a line."""

from __future__ import annotations

from textual import on

from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.widgets.prompt import Prompt

SIGN = "what if "
"""What the line says while it asks."""


class WhatIfActions(Deck):
    """Another window, a score, a bid that never was."""

    def action_suppose(self) -> None:
        """Ask what to try, and show it."""
        from cosmo_doppler.model.market.suppose import SUPPOSE_HELP

        self.prompt.ask(SIGN, hint=SUPPOSE_HELP)

    @on(Prompt.Written)
    def _supposed(self, message: Prompt.Written) -> None:
        if message.sign != SIGN:
            return
        message.stop()
        from cosmo_doppler.model.market.suppose import suppose
        from cosmo_doppler.tui.panes.bids import BidRows

        bids = self.stage.panes["bids"].source
        assert isinstance(bids, BidRows)
        if message.text:
            try:
                bids.what_if.supposed = suppose(message.text, bids.what_if.supposed)
            except ValueError as error:
                self.prompt.refuse(str(error))
                return
        self.prompt.close()
        bids.face = "what if"
        if "bids" not in self.stage.shown:
            self.stage.show("auctions")
        if "bids" in self.stage.shown:
            self.stage.focus_pane("bids")
        with self.session.lock:
            self.stage.panes["bids"].touch()

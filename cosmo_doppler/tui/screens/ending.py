"""What a person ends in a coordination store."""

from __future__ import annotations

from functools import partial

from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.negotiations import SeenNegotiation
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.jumps import object_of
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.watched import Watched

NO_STORE = "Only who has the store can do that: start Doppler with --store PATH"


class EndActions(Deck):
    """Cancel, release, close, resolve, revoke: in the store, never through the bus."""

    watched: Watched

    def action_end_object(self) -> None:
        """Ask what shall be done to the selected object."""
        steward = self.watched.steward
        with self.session.lock:
            in_view = self.stage.view == "coordination"
            key = self.scene.object_key if in_view else object_of(self.scene)
            thing = self.scene.board.coordination.find(key) if key else None
            reason = self._why_not(thing)
        if reason or steward is None or thing is None:
            self.say(reason or NO_STORE)
            return
        # The forms, and the store behind them, are imported when somebody first wants to act.
        from cosmo_doppler.steward import deeds_for
        from cosmo_doppler.tui.modals.ending import Ending, end_object

        with self.session.lock:
            deeds = deeds_for(thing)
            ending = Ending(thing.kind, thing.id, thing.store, _about(thing), deeds)
        if not deeds:
            state = "is over" if thing.over else "needs nobody to end it"
            self.say(f"This {thing.kind} {state}: there is nothing to do")
            return
        begin(self, partial(end_object, self.app, self.session, steward, ending), exclusive=True)

    def _why_not(self, thing: Thing | None) -> str:
        """Why nothing can be done; empty when something can."""
        session, steward = self.session, self.watched.steward
        if thing is None:
            return "Select a task, a vote, an auction or a delegation first; 9 shows them"
        if session.read_only_reason:
            return session.read_only_reason
        if steward is None:
            return NO_STORE
        if thing.live:
            return "This auction is held on the bus, by whoever offers; only its producer ends it"
        if thing.store != steward.store_id:
            return f"This {thing.kind} is in another store than {steward.where}"
        return ""


def _about(thing: Thing) -> str:
    """What an object is about, in one line."""
    if isinstance(thing, SeenTask):
        held = f", held by {thing.holder}" if thing.held else ""
        return safe(f"{thing.state}{held}: {thing.objective}", 200)
    if isinstance(thing, SeenSale):
        return safe(thing.lot or thing.type.replace("_", " "), 200)
    if isinstance(thing, SeenGrant):
        return safe(f"{thing.delegator} → {thing.delegatee}: {', '.join(thing.scope[:6])}", 200)
    if isinstance(thing, SeenNegotiation):
        return safe(", ".join(thing.participants[:6]), 200)
    return safe(thing.state, 40)

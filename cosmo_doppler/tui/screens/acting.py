"""What goes out to the bus, and where else to look. The forms are imported when the first one is asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from cosmo_doppler.errors import DopplerError
from cosmo_doppler.session import Session
from cosmo_doppler.settings import without_login
from cosmo_doppler.tui import jumps
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.look import look_of, remembered_of
from cosmo_doppler.tui.offer_shelf import with_settings
from cosmo_doppler.tui.screens.bussing import BusActions, bus_of
from cosmo_doppler.tui.screens.taking_part import TakePartActions
from cosmo_doppler.tui.watched import Watched

if TYPE_CHECKING:
    from cosmo_doppler.offers import Template
    from cosmo_doppler.tui.modals.connect import ConnectChoice


class ActActions(TakePartActions, BusActions):
    """Offer, stop, answer, connect, take part."""

    watched: Watched
    _started: tuple[str, int] | None = None
    """The trace whose auction is to be selected once it is seen, and how many it had before."""
    _again: tuple[str, str] | None = None
    """An auction, and the trace on which the same was offered again: told once that is decided."""
    _first_offer: str | None
    """The auction that waits to be compared."""

    class Chosen(Message):
        """A person wants to see another session."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def on_mount(self) -> None:
        """From now on the scene knows which templates there are."""
        self.scene.templates = self._templates

    def _templates(self) -> list[Template]:
        return with_settings(self.watched.shelf.templates, look_of(self.app).offers)

    def _may_act(self) -> bool:
        """Whether signals may be sent; says why not."""
        if self.session.read_only_reason:
            self.say(self.session.read_only_reason)
            return False
        return True

    def action_offer(self) -> None:
        """Compose an offer."""
        if self._may_act():
            self._open_offer()

    def offer_from(self, template: Template) -> None:
        """Compose an offer that begins with a template."""
        if self._may_act():
            self._open_offer(template=template)

    def action_offer_again(self) -> None:
        """Compose an offer that begins as the selected auction did."""
        if not self._may_act():
            return
        if self.scene.offer_id is None:
            self.say("Select an auction first; R offers the same again, with changes")
            return
        self._open_offer(again=self.scene.offer_id)

    def _open_offer(self, *, again: str | None = None, template: Template | None = None) -> None:
        from cosmo_doppler.tui.modals.flows import compose_offer
        from cosmo_doppler.tui.modals.offer_parts import Parent

        on_round = again is not None or self.stage.view == "auctions"

        def on_sent(trace_id: str) -> None:
            if again is not None:
                self._again = again, trace_id
            (self._watch_round if on_round else self._watch)(trace_id)

        with self.session.lock:
            node = jumps.node_shown(self.scene)
            under = (node.trace_id, node.id) if node is not None and node.id else None
        begin(
            self,
            partial(
                compose_offer,
                self.app,
                self.session,
                again=again,
                shelf=self.watched.shelf,
                settings=look_of(self.app).offers,
                template=template,
                under=Parent(*under) if under is not None else None,
                on_sent=on_sent,
            ),
            exclusive=True,
        )

    def action_stop_trace(self) -> None:
        """Confirm a STOP."""
        if not self._may_act():
            return
        if self.scene.trace_id is None:
            self.say("Select the trace to stop first")
            return
        from cosmo_doppler.tui.modals.flows import confirm_stop

        begin(self, partial(confirm_stop, self.app, self.session, self.scene.trace_id), exclusive=True)

    def stop_marked(self) -> None:
        """Confirm a STOP of every trace with a marked signal."""
        from cosmo_doppler.tui.modals.flows import stop_marked

        begin(self, partial(stop_marked, self.app, self.session), exclusive=True)

    def action_answer(self) -> None:
        """Answer the selected or the oldest open question."""
        if not self._may_act():
            return
        from cosmo_doppler.tui.modals.flows import answer_request

        with self.session.lock:
            request_id = jumps.request_of(self.scene)
        begin(
            self,
            partial(answer_request, self.app, self.session, request_id, drafts=self.drafts),
            exclusive=True,
        )

    def discover(self) -> None:
        """Ask everybody on the bus who they are."""
        if self._may_act():
            begin(self, self._discover)

    async def _discover(self) -> None:
        try:
            await self.session.act(lambda operator: operator.discover())
        except DopplerError as error:
            self.say(str(error))

    def action_arm(self) -> None:
        """May signals be sent."""
        from cosmo_doppler.tui.modals.arm import arm

        begin(self, partial(arm, self.app, self.session), exclusive=True)

    def action_connect(self) -> None:
        """Somewhere else."""
        begin(self, self._connect, exclusive=True)

    async def _connect(self) -> None:
        from cosmo_doppler.tui.modals.flows import connect

        known = remembered_of(self.app).buses
        here = without_login(bus_of(self.session)) if self.session.kind == "live" else ""
        if here:
            choice = await connect(self.app, url=here, namespace=self.session.namespace, known=known)
        elif known:
            choice = await connect(self.app, url=known[0][0], namespace=known[0][1], known=known)
        else:
            choice = await connect(self.app)
        if choice is None:
            return
        try:
            session = session_for(choice)
        except DopplerError as error:
            self.say(str(error))
            return
        self.post_message(self.Chosen(session))

    def _watch(self, trace_id: str) -> None:
        """Go to a trace a person started, as soon as it is seen."""
        self.stage.go("traces", "traces", trace_id)

    def _watch_round(self, trace_id: str) -> None:
        """Go to the auction a person opened, as soon as it is seen."""
        if self.stage.view != "auctions":
            self.stage.show("auctions")
        with self.session.lock:
            trace = self.scene.board.traces.get(trace_id)
            self._started = trace_id, len(trace.auctions) if trace is not None else 0

    def find_started(self) -> None:
        """Select the auction that was waited for, unless the person went elsewhere. The session's lock is held."""
        started, before = self._started if self._started is not None else ("", 0)
        trace = self.scene.board.traces.get(started)
        if trace is None or (before and len(trace.auctions) == before):
            return
        self._started = None
        if self.stage.view != "auctions":
            return
        if trace.auctions:
            self.stage.go("auctions", "auctions", trace.auctions[-1])
        else:
            self.stage.go("traces", "traces", trace.id)

    def hear(self) -> None:
        """Also say what came of offering something again."""
        super().hear()
        if self._again is None:
            return
        first, trace_id = self._again
        auctions, trace = self.scene.board.auctions, self.scene.board.traces.get(trace_id)
        before = auctions.get(first)
        after = auctions.get(trace.auctions[-1]) if trace is not None and trace.auctions else None
        if before is None or after is None or after is before or after.state == "open":
            return
        from cosmo_doppler.model.market.compare import compare, in_words

        self._again = None
        self._first_offer = first
        self.say(f"Offered again: {in_words(compare(before, after))}; D shows both")


def session_for(choice: ConnectChoice) -> Session:
    """The session a person chose, not started yet.

    Raises:
        DopplerError: a namespace or a recording that cannot be meant.
    """
    if choice.place == "demo":
        from cosmo_doppler.demo import open_demo

        return open_demo()
    if choice.place == "recording" and choice.path is not None:
        from cosmo_doppler.session import open_replay

        return open_replay(choice.path)
    from cosmo_doppler.session.live import open_live

    return open_live(choice.url, choice.namespace)

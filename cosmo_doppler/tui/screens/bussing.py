"""What a person does with the buses themselves: show another, come back sooner, see who is connected."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from textual.message import Message

from cosmo_bus.errors import BusError
from cosmo_doppler.errors import SettingError
from cosmo_doppler.session import Session
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.placard import Said
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.watched import Watched, name_of


@runtime_checkable
class OfABus(Protocol):
    """A source that watches a bus."""

    @property
    def url(self) -> str:
        """The bus; empty while there is none yet."""
        ...


@runtime_checkable
class Waits(Protocol):
    """A source that waits between attempts to connect."""

    def hurry(self) -> None:
        """Make the next attempt now."""
        ...


def why_not_reconnect(session: Session) -> str:
    """Why there is nothing to hurry; empty when there is."""
    if not isinstance(session.source, Waits):
        return "this is no bus elsewhere"
    return "" if session.status().state in ("unreachable", "reconnecting") else "it is connected"


def bus_of(session: Session) -> str:
    """The URL of the bus of a session; empty when there is none."""
    return session.source.url if isinstance(session.source, OfABus) else ""


_ASK_S = 10.0
"""How often a bus on which nothing is said is asked where something is, seconds."""


class BusActions(Deck):
    """Another bus, now, and who is on it."""

    watched: Watched
    elsewhere: Sequence[Said] = ()
    """The other namespaces of a bus on which nothing is said."""
    _asked_at = float("-inf")

    class Turned(Message):
        """A person wants to see another one of those that are watched."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def turn_to(self, place: int) -> None:
        """Show another one of those that are watched."""
        self.post_message(self.Turned(place))

    def show_watched(self, name: str) -> None:
        """Show the one that is watched whose name has this in it.

        Raises:
            SettingError: none has, or several have.
        """
        names = [name_of(session) for session in self.watched.sessions]
        found = [place for place, each in enumerate(names) if name.lower() in each.lower()]
        if len(found) != 1:
            which = "several have" if found else "none has"
            raise SettingError(f"of what is watched {which} {name!r} in its name: {', '.join(names)}")
        self.turn_to(found[0])

    def reconnect(self) -> None:
        """Try now to reach a bus that is away."""
        reason = why_not_reconnect(self.session)
        if not reason and isinstance(self.session.source, Waits):
            self.session.source.hurry()
        self.say(f"Nothing to do: {reason}" if reason else f"Trying {self.session.title} now")

    def show_subscriptions(self) -> None:
        """Who is connected to the bus, how many subscriptions each has, and what waits for whom."""
        from cosmo_doppler.tui.screens.bus_page import BusPage

        url = bus_of(self.session)
        if not url.startswith(("cosmo://", "cosmos://")):
            self.say("Only a dev bus tells who is connected" if url else "There is no bus here to ask")
            return
        self.app.push_screen(BusPage(url))

    def ask_elsewhere(self) -> None:
        """While nothing is said here, ask the bus now and then where something is."""
        url, now = bus_of(self.session), time.monotonic()
        if url.startswith(("cosmo://", "cosmos://")) and now - self._asked_at >= _ASK_S:
            self._asked_at = now
            begin(self, partial(self._ask_elsewhere, url), group="elsewhere", exclusive=True)

    async def _ask_elsewhere(self, url: str) -> None:
        from cosmo_doppler.management import BusRefused, manage

        try:
            async with manage(url) as bus:
                listed = (await bus.ask("mgmt_list")).get("namespaces")
        except (BusError, BusRefused, OSError, ValueError):
            # It is only a hint; whether the bus is there the session says.
            return
        self.elsewhere = [
            Said(each["namespace"], each["signal_count"])
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict)
            and isinstance(each.get("namespace"), str)
            and isinstance(each.get("signal_count"), int)
            and each["namespace"] != self.session.namespace
        ]

"""The words behind `:` that are about buses: watch one more, show another, come back sooner, see who is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmo_doppler.errors import SettingError
from cosmo_doppler.tui.command import Command

if TYPE_CHECKING:
    from cosmo_doppler.tui.screens.observatory import Observatory


def _attach(observatory: Observatory, text: str) -> None:
    from cosmo_doppler.session.live import open_live
    from cosmo_doppler.settings import DEFAULT_NAMESPACE

    url, _, namespace = text.partition(" ")
    if "://" not in url:
        raise SettingError("name a bus, and a namespace if you like: attach cosmo://127.0.0.1:7070 dev")
    session = open_live(url, namespace.strip() or observatory.session.namespace or DEFAULT_NAMESPACE)
    observatory.post_message(observatory.Chosen(session))


def _bus(observatory: Observatory, text: str) -> None:
    if "://" in text:
        _attach(observatory, text)
    else:
        observatory.show_watched(text)


def _reconnect(observatory: Observatory, text: str) -> None:
    observatory.reconnect()


def _subscriptions(observatory: Observatory, text: str) -> None:
    observatory.show_subscriptions()


BUS_COMMANDS: tuple[Command, ...] = (
    Command("attach", "URL [NAMESPACE]", "Watch another bus, too", _attach),
    Command("bus", "NAME|URL", "Show another of those that are watched, or watch one more", _bus),
    Command("reconnect", "[]", "Try now to reach a bus that is away", _reconnect),
    Command(
        "subscriptions", "[]", "Show who is connected to the bus, and what waits for whom", _subscriptions
    ),
)

"""What stands in place of the panes while there is nothing to show: one sentence, why, and what makes it so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cosmo_bus.errors import NOBODY_THERE
from cosmo_doppler.session import Session, SessionStatus
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Hosts a bus can be started on from here."""


class Said(NamedTuple):
    """A namespace of the bus, and how much was said there."""

    namespace: str
    signals: int


_NAMED = 4
"""Other namespaces named at once, those in which most was said."""


_ON_ITS_WAY = 8
"""Signals that may have come and not be folded yet, without the placard making room for nothing."""


def is_silent(session: Session, status: SessionStatus) -> bool:
    """Whether nothing was said yet; on a bus, but that somebody, as we do when we come, asked who is there."""
    timeline = session.timeline
    if session.kind != "live":
        return not status.signals and not timeline.length
    asked = timeline.board.types["DISCOVER"]
    return timeline.position == asked and timeline.length - asked < _ON_ITS_WAY


def placard(session: Session, status: SessionStatus, ink: Ink, elsewhere: Sequence[Said] = ()) -> list[Cell]:
    """The lines to show, or none when the panes have something to say.

    Args:
        session: what is shown.
        status: how it stands.
        ink: styles.
        elsewhere: the other namespaces of the bus, where it was asked for them.
    """
    if not is_silent(session, status):
        return []
    address: Cell = [(safe(session.title, 200), ink.bold)]
    namespace = safe(session.namespace, 80)
    if status.state in {"unreachable", "reconnecting"}:
        return _unreachable(session, status, ink)
    if status.state == "connecting":
        attempt = f", attempt {status.attempt}" if status.attempt > 1 else ""
        return [[("Connecting to ", ink.dim), *address, (attempt, ink.dim)]]
    if status.state == "loading":
        return [[("Reading ", ink.dim), *address, (f"  {status.loaded:.0%}", ink.dim)]]
    if session.kind == "replay":
        return [
            [("This recording holds no signal", ink.plain)],
            [],
            [("cosmo record -o session.ndjson", ink.bold), ("  records what a bus carries", ink.dim)],
        ]
    if session.kind == "demo":
        return [[("The market opens", ink.dim)]]
    asked_s = session.timeline.now - session.store.at(0) if session.timeline.length else 0.0
    waited = f"in {words.joined(words.age(asked_s))}, though whoever is there was asked to (DISCOVER)"
    return [
        [("Listening to ", ink.dim), (namespace, ink.bold), (" on ", ink.dim), *address],
        [(f"nothing has been said {waited if session.timeline.length else 'yet'}", ink.dim)],
        [],
        *_elsewhere(session, elsewhere, ink),
        [],
        _key("O", "offer a task", ink),
        _key("C", "connect elsewhere", ink),
        _key("q", "quit", ink),
    ]


def _elsewhere(session: Session, elsewhere: Sequence[Said], ink: Ink) -> list[Cell]:
    """Where something is said, or how another namespace is watched."""
    others = sorted((each for each in elsewhere if each.signals), key=lambda each: -each.signals)[:_NAMED]
    if not others:
        return [
            [("Traces, auctions and participants appear here as soon as somebody speaks.", ink.dim)],
            [
                ("Is it the right namespace? ", ink.dim),
                ("cosmo doppler -n NAME", ink.bold),
                (" watches another.", ink.dim),
            ],
        ]
    named: Cell = []
    for name, signals in others:
        named += [(", " if named else "", ink.dim), (safe(name, 40), ink.bold)]
        named.append((f" ({words.many(signals, 'signal')})", ink.dim))
    return [
        [("Is it the right namespace? This bus has heard of ", ink.dim), *named],
        [
            (f":attach {safe(session.title, 80)} {safe(others[0].namespace, 40)}", ink.bold),
            (" watches it", ink.dim),
        ],
    ]


def _unreachable(session: Session, status: SessionStatus, ink: Ink) -> list[Cell]:
    retry = (
        f"trying again in {status.retry_in_s:.0f} s" if status.retry_in_s is not None else "trying again now"
    )
    return [
        [
            ("No bus at " if status.detail == NOBODY_THERE else "Not connected to ", ink.plain),
            (safe(session.title, 200), ink.bold),
        ],
        [(safe(status.detail, 200) or "it does not answer", ink.failure)],
        [],
        *(_how_to_start(session, ink) if status.detail == NOBODY_THERE else []),
        [(f"attempt {status.attempt}, {retry}", ink.dim)],
        [],
        _key("C", "connect elsewhere", ink),
        _key("q", "quit", ink),
    ]


def _how_to_start(session: Session, ink: Ink) -> list[Cell]:
    """The command that would put a bus where one is missing, if it is a place of this machine."""
    host, _, port = session.title.removeprefix("cosmo://").rstrip("/").rpartition(":")
    if host not in LOOPBACK:
        return []
    from cosmo_bus.wire import DEFAULT_PORT

    command = f"cosmo synapse start memory -n {safe(session.namespace, 80) or 'dev'}"
    if port != str(DEFAULT_PORT):
        command += f" --port {safe(port, 8)}"
    return [[("Start one in another terminal", ink.dim)], [(command, ink.bold)], []]


def _key(key: str, what: str, ink: Ink) -> Cell:
    return [(key, ink.bold), (f"  {what:<18}", ink.dim)]

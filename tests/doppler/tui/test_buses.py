"""Buses: another one shown, reached sooner, and who is connected; and recordings played at a speed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.testing import running_bus
from cosmo_doppler.session import Session
from cosmo_doppler.tui.screens.bus_page import BusPage
from tests.doppler.tui.showing import Shown, command


class Away:
    """A bus that somebody may be in a hurry to reach."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.hurried = 0

    def hurry(self) -> None:
        self.hurried += 1

    async def run(self, session: Session) -> None:
        await asyncio.Event().wait()


def on_bus(source: Away, title: str) -> Session:
    session = Session(source, kind="live", title=title, namespace="dev")
    session.report("live")
    return session


@asynccontextmanager
async def watching(session: Session, other: Session, shown: Shown) -> AsyncIterator[Any]:
    async with shown(session) as screen:
        observatory = screen.app.observatory
        observatory.post_message(observatory.Chosen(other))
        await screen.settle()
        await screen.settle()
        yield screen


async def until_shown(screen: Any, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in screen.text:
            await screen.pilot.pause(0.02)


@pytest.mark.parametrize(("written", "told"), [("4", "4x"), ("0.25x", "0.25x"), ("max", "max")])
async def test_a_recording_is_played_at_a_speed(
    market_session: Session, shown: Shown, written: str, told: str
) -> None:
    async with shown(market_session) as screen:
        await command(screen, f"speed {written}")
        assert f"Goes on at {told}" in screen.lines[-1]


async def test_no_speed_for_what_runs_live(silent_session: Session, shown: Shown) -> None:
    async with shown(silent_session) as screen:
        await command(screen, "speed 4")
        assert "live runs at its own speed" in screen.lines[-1]
        await screen.press("escape")
        await command(screen, "speed 400")
        assert "'400' is no speed; write a number from 0.1 to 100, or max" in screen.lines[-1]


async def test_another_bus_is_shown_by_a_part_of_its_name(shown: Shown) -> None:
    first, second = on_bus(Away(), "cosmo://one:7070"), on_bus(Away(), "cosmo://two:7070")
    async with watching(first, second, shown) as screen:
        assert screen.app.session is second
        await command(screen, "bus one")
        assert screen.app.session is first
        await command(screen, "bus 7070")
        assert "of what is watched several have '7070' in its name" in screen.lines[-1]
    for session in (first, second):
        session.stop()


async def test_who_waits_for_a_bus_may_ask_for_the_next_attempt(shown: Shown) -> None:
    source = Away()
    session = on_bus(source, "cosmo://one:7070")
    async with shown(session) as screen:
        await command(screen, "reconnect")
        assert "Nothing to do: it is connected" in screen.lines[-1]
        session.report("reconnecting", detail="the bus went away", retry_in_s=9)
        await command(screen, "reconnect")
        assert "Trying cosmo://one:7070 now" in screen.lines[-1]
        assert source.hurried == 1
    session.stop()


async def test_a_bus_tells_who_is_connected_with_how_many_subscriptions(shown: Shown) -> None:
    async with running_bus() as bus:
        worker = BusClient(bus.url, name="worker-of-mine")
        await worker.connect()
        for subject in ("a.b", "a.c"):
            await worker.subscribe(subject, lambda subject, frame: None)
        await worker.subscribe("other.>", lambda subject, frame: None, group="those who sing")
        session = on_bus(Away(bus.url), bus.url)
        async with shown(session) as screen:
            await command(screen, "subscriptions")
            await until_shown(screen, "worker-of-mine")
            (line,) = [line for line in screen.lines if "worker-of-mine" in line]
            assert line.split("worker-of-mine")[1].split()[1] == "3"
            assert "Subs" in screen.text
            below = screen.lines[screen.lines.index(line) + 1 :]
            assert below[0].split()[1:4] == ["a.", "b", "c"]
            assert "other.> (group those who sing)" in below[1]
            await screen.press("escape")
            assert not isinstance(screen.app.screen, BusPage)
        session.stop()
        await worker.close()


async def test_a_bus_that_cannot_be_asked_says_so(shown: Shown) -> None:
    async with running_bus() as bus:
        url = bus.url
    session = on_bus(Away(url), url)
    async with shown(session) as screen:
        await command(screen, "subscriptions")
        await until_shown(screen, f"cannot ask {url}")
    session.stop()


@pytest.mark.parametrize(
    ("url", "why"), [("", "There is no bus here to ask"), ("nats://h:1", "Only a dev bus tells")]
)
async def test_where_no_bus_tells_it_is_said(shown: Shown, url: str, why: str) -> None:
    session = on_bus(Away(url), "somewhere")
    async with shown(session) as screen:
        await command(screen, "subscriptions")
        assert why in screen.lines[-1]
    session.stop()


async def test_the_palette_leads_to_all_of_them(shown: Shown) -> None:
    from cosmo_doppler.tui.more_commands import more

    first, second = on_bus(Away(), "cosmo://one:7070"), on_bus(Away(), "cosmo://two:7070")
    async with watching(first, second, shown) as screen:
        known = {each.name: each for each in more(screen.app.observatory)}
        assert known["Try to reconnect now"].why_not == "it is connected"
        assert known["Show who is connected, with subscriptions"].why_not == "there is no bus"
        known["Show dev one:7070"].run()
        await screen.settle()
        await screen.settle()
        assert screen.app.session is first
    for session in (first, second):
        session.stop()

"""What the operator is told of sessions that hurt themselves, and how often at most."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from cosmo_bus import journal
from cosmo_bus.testing import running_bus
from tests.bus.deaf import deaf_subscriber, pub
from tests.bus.raw import raw_client


@pytest.fixture
def told(caplog):
    """Every event so far, with its level and facts."""
    caplog.set_level(logging.DEBUG, logger=journal.__name__)

    def events(name: str) -> list[tuple[str, dict]]:
        return [
            (record.levelname, record.facts)
            for record in caplog.records
            if getattr(record, "event", "") == name
        ]

    return events


async def test_a_reader_that_is_disconnected_is_told_once_with_its_loss(told):
    async with running_bus(outbox_lines=50) as bus:
        async with deaf_subscriber(bus, "a"), raw_client(bus.port) as publisher:
            while not told("slow_reader_disconnected"):
                publisher.send(*[pub("a", 30_000)] * 50)
                await publisher.settle()
            lost = bus.statistics().lost
        ((level, facts),) = told("slow_reader_disconnected")
    assert level == "WARNING"
    assert facts["lost"] == 50
    assert lost >= 50


async def test_an_observer_that_loses_is_told_once_in_a_while(told):
    async with running_bus(outbox_lines=50) as bus:
        hello = json.dumps({"op": "hello", "observer": True, "name": "screen"}).encode() + b"\n"
        async with deaf_subscriber(bus, "a", hello), raw_client(bus.port) as publisher:
            while bus.statistics().dropped < 200:
                publisher.send(*[pub("a", 30_000)] * 50)
                await publisher.settle()
    ((level, facts),) = told("slow_reader_loses")
    assert level == "WARNING"
    assert (facts["name"], facts["dropped"]) == ("screen", 1)
    (closed,) = [facts for _, facts in told("session_closed") if facts["name"] == "screen"]
    assert closed["dropped"] >= 200


async def test_bad_lines_without_end_are_one_line_and_a_count(told):
    async with running_bus() as bus, raw_client(bus.port) as client:
        client.send(*[b"garbage\n"] * 500)
        assert len(await client.settle()) == 500
    ((level, facts),) = told("line_refused")
    assert (level, facts["refused"]) == ("WARNING", 1)
    assert told("session_closed")[0][1]["refused"] == 500


async def test_of_a_crowd_the_first_are_told_and_the_others_counted(told, monkeypatch):
    monkeypatch.setattr(journal, "EVENTS_WITHIN_WINDOW", 3)
    # Ended by the bus's end, however slow the machine is.
    monkeypatch.setattr(journal, "WINDOW_S", 3600.0)
    async with running_bus() as bus:
        for _ in range(10):
            async with raw_client(bus.port) as client:
                await client.settle()
    assert len(told("session_opened")) == 3
    assert ("WARNING", {"of": "session_opened", "count": 7}) in told("events_left_out")


async def test_a_window_ends_by_itself(told, monkeypatch):
    monkeypatch.setattr(journal, "EVENTS_WITHIN_WINDOW", 1)
    monkeypatch.setattr(journal, "WINDOW_S", 0.0)
    kept = journal.Journal(asyncio.get_running_loop())
    kept.tell("session_opened")
    kept.tell("session_opened")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told("events_left_out") == [("WARNING", {"of": "session_opened", "count": 1})]
    kept.tell("session_opened")
    kept.close()
    assert len(told("session_opened")) == 2

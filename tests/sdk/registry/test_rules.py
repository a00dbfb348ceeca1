"""Both stores against the rules of a record, written down once more in the plainest way (PROTOCOL 6.7, 9)."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cosmo_sdk.registry import MemoryRegistryStore, NeuronRecord, RegistryStore, SqliteRegistryStore

T0 = datetime(2026, 1, 1, tzinfo=UTC)
WHO = st.sampled_from(["a", "b", "c"])
WHEN = st.integers(0, 100).map(lambda seconds: T0 + timedelta(seconds=seconds))
HEALTH = st.none() | st.sampled_from(["ok", "degraded"])


class Stores(RuleBasedStateMachine):
    """What each participant did decides what its record says, however the calls were mixed."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "registry.db"
        # Two processes would have two stores on the one file.
        self.stores: list[RegistryStore] = [
            MemoryRegistryStore(),
            SqliteRegistryStore(self.path),
            SqliteRegistryStore(self.path),
        ]
        self.turn = 0
        self.expected: dict[str, dict[str, Any]] = {}

    def do(self, name: str, *arguments: Any) -> None:
        self.turn += 1
        for store in (self.stores[0], self.stores[1 + self.turn % 2]):
            self.loop.run_until_complete(getattr(store, name)(*arguments))

    @rule(who=WHO, at=WHEN, capabilities=st.lists(st.sampled_from("xy"), unique=True), health=HEALTH)
    def register(self, who: str, at: datetime, capabilities: list[str], health: str | None) -> None:
        self.do(
            "upsert",
            NeuronRecord(who, capabilities, last_heartbeat=at, registered_at=at, health=health),
        )
        known = self.expected.setdefault(who, {"since": at, "heard": at, "health": None})
        known |= {"status": "registered", "capabilities": capabilities, "stale_since": None}
        known["heard"] = max(known["heard"], at)
        known["health"] = health or known["health"]

    @rule(who=WHO, at=WHEN, health=HEALTH)
    def beat(self, who: str, at: datetime, health: str | None) -> None:
        self.do("touch_heartbeat", who, at, health)
        known = self.expected.setdefault(
            who,
            {
                "since": at,
                "heard": at,
                "health": None,
                "status": "registered",
                "capabilities": [],
                "stale_since": None,
            },
        )
        if known["status"] == "deregistered":
            return
        known |= {"status": "registered", "stale_since": None, "heard": max(known["heard"], at)}
        known["health"] = health or known["health"]

    @rule(who=WHO)
    def leave(self, who: str) -> None:
        self.do("mark_deregistered", who)
        if who in self.expected:
            self.expected[who]["status"] = "deregistered"

    @rule(who=WHO, at=WHEN)
    def fall_silent(self, who: str, at: datetime) -> None:
        self.do("mark_stale", who, at)
        known = self.expected.get(who)
        if known is not None and known["status"] == "registered":
            known |= {"status": "stale", "stale_since": at}

    @rule()
    def restart(self) -> None:
        self.do("close")

    @invariant()
    def the_records_say_it(self) -> None:
        if not hasattr(self, "stores"):
            return
        for store in self.stores:
            records = self.loop.run_until_complete(store.list(include_deregistered=True))
            assert [record.neuron_id for record in records] == list(self.expected)
            live = self.loop.run_until_complete(store.list(capability="x"))
            assert [record.neuron_id for record in live] == [
                who
                for who, known in self.expected.items()
                if known["status"] == "registered" and "x" in known["capabilities"]
            ]
            for record in records:
                assert record == self.loop.run_until_complete(store.get(record.neuron_id))
                known = self.expected[record.neuron_id]
                assert record.status == known["status"]
                assert (record.registered_at, record.last_heartbeat) == (known["since"], known["heard"])
                assert (record.capabilities, record.health) == (known["capabilities"], known["health"])
                if record.status == "stale":
                    assert record.stale_since == known["stale_since"]

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            for store in self.stores:
                self.loop.run_until_complete(store.close())
            self.loop.close()
            self.directory.cleanup()


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)

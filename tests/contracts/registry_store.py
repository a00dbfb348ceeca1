"""What every RegistryStore does. A backend's test module imports `*` and provides a `store` fixture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cosmo_sdk.registry import NeuronRecord

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = T0 + timedelta(seconds=30)


async def test_an_unknown_participant_has_no_record(store):
    assert await store.get("nobody") is None
    assert await store.list() == []


async def test_a_record_comes_back_as_it_was(store):
    record = NeuronRecord(
        "n1",
        ["b", "a"],
        "1.2",
        "draining",
        LATER,
        T0,
        role="engram",
        kind="keyvalue",
        health="ok",
        host="d1",
        stale_since=None,
    )
    await store.upsert(record)
    assert await store.get("n1") == record


async def test_records_are_copies(store):
    mine = NeuronRecord("n1", ["a"], registered_at=T0)
    await store.upsert(mine)
    mine.capabilities.append("b")
    mine.status = "deregistered"
    theirs = await store.get("n1")
    assert theirs.capabilities == ["a"]
    assert theirs.status == "registered"
    theirs.capabilities.append("c")
    [listed] = await store.list()
    listed.capabilities.clear()
    assert (await store.get("n1")).capabilities == ["a"]


async def test_upsert_replaces_and_keeps_the_first_registration(store):
    await store.upsert(
        NeuronRecord("n1", ["a"], registered_at=T0, health="ok", host="d1", last_heartbeat=LATER)
    )
    again = NeuronRecord("n1", ["b"], "2", registered_at=LATER)
    await store.upsert(again)
    assert again.registered_at == LATER
    known = await store.get("n1")
    assert (known.capabilities, known.version, known.registered_at) == (["b"], "2", T0)
    assert (known.health, known.host, known.last_heartbeat) == ("ok", "d1", LATER)


async def test_list_keeps_the_order_of_first_arrival(store):
    for name in ("z", "a", "m"):
        await store.upsert(NeuronRecord(name))
    await store.upsert(NeuronRecord("z", ["new"]))
    assert [record.neuron_id for record in await store.list()] == ["z", "a", "m"]


async def test_list_filters_by_capability_and_standing(store):
    await store.upsert(NeuronRecord("a", ["x", "y"]))
    await store.upsert(NeuronRecord("b", ["y"]))
    await store.mark_deregistered("b")
    assert [record.neuron_id for record in await store.list(capability="y")] == ["a"]
    everyone = await store.list(capability="y", include_deregistered=True)
    assert [record.neuron_id for record in everyone] == ["a", "b"]
    assert await store.list(capability="z", include_deregistered=True) == []


async def test_health_is_apart_from_status(store):
    await store.upsert(NeuronRecord("n1", registered_at=T0))
    await store.touch_heartbeat("n1", LATER, "degraded")
    known = await store.get("n1")
    assert (known.status, known.health, known.last_heartbeat) == ("registered", "degraded", LATER)
    await store.touch_heartbeat("n1", LATER)
    assert (await store.get("n1")).health == "degraded"


async def test_a_late_heartbeat_does_not_turn_time_back(store):
    await store.touch_heartbeat("n1", LATER)
    await store.touch_heartbeat("n1", T0)
    assert (await store.get("n1")).last_heartbeat == LATER


async def test_a_heartbeat_of_a_stranger_makes_a_thin_record(store):
    await store.touch_heartbeat("n1", T0, "ok")
    known = await store.get("n1")
    assert (known.capabilities, known.registered_at, known.health) == ([], T0, "ok")


async def test_a_heartbeat_never_resurrects_who_left_but_a_registration_does(store):
    await store.upsert(NeuronRecord("n1", registered_at=T0))
    await store.mark_deregistered("n1")
    await store.touch_heartbeat("n1", LATER, "ok")
    known = await store.get("n1")
    assert (known.status, known.last_heartbeat) == ("deregistered", None)
    await store.upsert(NeuronRecord("n1", registered_at=LATER))
    known = await store.get("n1")
    assert (known.status, known.registered_at) == ("registered", T0)


async def test_the_silent_are_hidden_until_they_are_heard_again(store):
    await store.upsert(NeuronRecord("n1", registered_at=T0))
    await store.mark_stale("n1", LATER)
    assert await store.list() == []
    [hidden] = await store.list(include_deregistered=True)
    assert (hidden.status, hidden.stale_since, hidden.live) == ("stale", LATER, False)
    await store.mark_stale("n1", LATER + timedelta(hours=1))
    assert (await store.get("n1")).stale_since == LATER
    await store.touch_heartbeat("n1", LATER)
    known = await store.get("n1")
    assert (known.status, known.stale_since, known.live) == ("registered", None, True)


async def test_who_left_is_not_merely_silent(store):
    await store.upsert(NeuronRecord("n1"))
    await store.mark_deregistered("n1")
    await store.mark_stale("n1", LATER)
    assert (await store.get("n1")).status == "deregistered"


async def test_marking_a_stranger_does_nothing(store):
    await store.mark_deregistered("nobody")
    await store.mark_stale("nobody", T0)
    assert await store.list(include_deregistered=True) == []


async def test_connecting_and_closing_may_be_repeated(store):
    await store.connect()
    await store.connect()
    await store.upsert(NeuronRecord("n1"))
    assert (await store.get("n1")).neuron_id == "n1"
    await store.close()
    await store.close()
    await store.connect()


async def test_times_without_a_zone_are_utc(store):
    naive = T0.replace(tzinfo=None)
    await store.upsert(NeuronRecord("n1", last_heartbeat=naive, registered_at=naive))
    await store.touch_heartbeat("n1", LATER.replace(tzinfo=None))
    await store.upsert(NeuronRecord("n1", last_heartbeat=T0, registered_at=LATER))
    known = await store.get("n1")
    assert (known.registered_at, known.last_heartbeat) == (T0, LATER)
    await store.mark_stale("n1", LATER.replace(tzinfo=None))
    assert (await store.get("n1")).stale_since == LATER


async def test_who_has_been_gone_for_long_is_forgotten_and_who_takes_part_never(store):
    for name in ("left", "silent", "left-later", "here"):
        await store.upsert(NeuronRecord(name, last_heartbeat=T0))
    await store.touch_heartbeat("left-later", LATER)
    await store.mark_deregistered("left")
    await store.mark_stale("silent", LATER)
    await store.mark_deregistered("left-later")
    assert await store.forget(LATER) == 2
    assert [each.neuron_id for each in await store.list(include_deregistered=True)] == ["left-later", "here"]
    assert await store.forget(LATER) == 0


async def test_of_those_that_are_gone_no_more_than_so_many_are_remembered(store):
    for number in range(5):
        name = f"n{number}"
        await store.upsert(NeuronRecord(name, last_heartbeat=T0 + timedelta(seconds=number % 3)))
        await store.mark_deregistered(name)
    await store.upsert(NeuronRecord("here", last_heartbeat=T0))
    assert await store.forget(T0, keep=2) == 3
    kept = await store.list(include_deregistered=True)
    assert {each.neuron_id for each in kept} >= {"n2", "here"}
    assert len(kept) == 3

"""Watching a NATS server: the same session as on a dev bus."""

from __future__ import annotations

import asyncio
import sys

import pytest

from cosmo_doppler.errors import SettingError
from cosmo_doppler.session.live import BusSource, open_live
from cosmo_sdk import Axon, Dendrite, connect_synapse
from tests.doppler.session.waiting import until
from tests.nats_server import running_nats


async def think(input: dict[str, object], context: object) -> dict[str, object]:
    return {"echo": input}


async def test_everything_of_a_namespace_is_seen_and_a_person_can_act_and_an_outage_leaves_a_gap():
    with running_nats() as server:
        port = server.port
        session = open_live(server.url, "dev")
        session.source = BusSource(server.url, "dev", retry_s=0.02)
        session.start()
        await until(lambda: session.status().state == "live")
        synapse = await connect_synapse(server.url)
        worker = Dendrite(synapse=synapse, namespace="dev", role="worker", heartbeat_s=0)
        worker.attach_axon(Axon(neuron_id="n", neuron_fn=think, capabilities=["c"]))
        async with worker:
            await until(lambda: "n" in session.timeline.board.roster)
            trace = await session.act(
                lambda operator: operator.task(input={"a": 1}, neuron="n", capabilities=[])
            )
            await until(lambda: trace in session.timeline.board.traces)
            await until(lambda: session.timeline.board.traces[trace].signals >= 2)
        await synapse.close()
    try:
        await until(lambda: session.status().state == "reconnecting")
        assert "went away" in session.status().detail
        with running_nats(port=port):
            await until(lambda: session.status().state == "live" and session.status().gaps == 1)
    finally:
        await asyncio.to_thread(session.stop)
    assert session.failure is None


async def test_a_login_is_used_and_not_shown():
    with running_nats("--auth", "secret") as server:
        session = open_live(f"nats://secret@127.0.0.1:{server.port}", "dev")
        session.start()
        try:
            await until(lambda: session.status().state == "live")
            assert session.title == server.url
        finally:
            await asyncio.to_thread(session.stop)


def test_without_nats_py_the_setting_is_refused_with_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if "_nats_c" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(SettingError, match=r"pip install 'cosmo-doppler\[nats\]'"):
        open_live("nats://127.0.0.1", "dev")

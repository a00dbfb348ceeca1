"""The counts of a bus as Prometheus reads them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.request
from dataclasses import fields

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cosmo_bus.hub import BusStatistics
from cosmo_bus.metrics import COUNTERS, GAUGES, MetricsError, MetricsServer
from cosmo_bus.testing import running_bus
from tests.bus.raw import raw_client


@pytest.fixture
async def served():
    async with running_bus() as bus:
        metrics = MetricsServer(bus.statistics, port=0)
        yield bus, metrics
        await metrics.close()


async def read(metrics: MetricsServer) -> dict[str, float]:
    def get() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=20) as answer:
            return answer.read().decode()

    families = text_string_to_metric_families(await asyncio.to_thread(get))
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_every_count_of_the_bus_has_a_metric():
    assert {*GAUGES, *COUNTERS} == {field.name for field in fields(BusStatistics)}


async def test_what_the_bus_did_is_what_prometheus_reads(served):
    bus, metrics = served
    async with raw_client(bus.port) as client:
        await client.subscribe("s")
        await client.ask({"op": "pub", "subject": "s", "frame": "1"})
        await client.ask({"op": "bogus"})
        await client.ask({"op": "gate_set", "gate_id": "g", "subject": "s"})
        await client.ask({"op": "pub", "subject": "s", "frame": "2"})
        seen = await read(metrics)
    assert seen["cosmo_bus_sessions"] == 1
    assert seen["cosmo_bus_subscriptions"] == 1
    assert seen["cosmo_bus_published_total"] == 2
    assert seen["cosmo_bus_delivered_total"] == 1
    assert seen["cosmo_bus_refused_total"] == 1
    assert seen["cosmo_bus_held"] == 1


async def test_a_taken_port_is_one_clear_error(served):
    bus, metrics = served
    with pytest.raises(MetricsError, match=f"cannot be served on 127.0.0.1 port {metrics.port}"):
        MetricsServer(bus.statistics, port=metrics.port)


def test_without_the_extra_the_error_names_the_install():
    program = (
        "import sys, asyncio; sys.modules['prometheus_client'] = None\n"
        "from cosmo_bus.metrics import MetricsServer\n"
        "async def main(): MetricsServer(lambda: None, 0)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "pip install 'cosmo-doppler[metrics]'" in done.stderr

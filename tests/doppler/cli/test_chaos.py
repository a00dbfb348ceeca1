"""`cosmo chaos` as a person runs it."""

from __future__ import annotations

import json

import pytest

from tests.doppler.cli.commands import bus_process, cosmo, publish, running
from tests.doppler.cli.signals import bids


def test_dropped_signals_are_printed_counted_and_gone(url: str, namespace: str) -> None:
    options = ("--url", url, "-n", namespace)
    with (
        running("tail", *options, "--json") as tail,
        running("chaos", "drop", *options, "--neuron", "n1", "--rate", "1", "--json") as chaos,
    ):
        tail.wait_for("watching")
        chaos.wait_for("drop at rate 1, seed ")
        first, lost, last = bids(3)
        publish(url, namespace, first, lost, last)
        event = json.loads(chaos.wait_for(lost.id))
        assert (event["event"], event["signal_id"], json.loads(event["frame"])["id"]) == (
            "drop",
            lost.id,
            lost.id,
        )
        tail.wait_for(last.id)
        assert lost.id not in tail.text
        assert chaos.interrupt() == 0
        assert "1 signals met the fault; the bus is as it was" in chaos.text
        publish(url, namespace, lost)
        tail.wait_for(lost.id)


def test_a_seed_meets_the_same_signals_again(url: str, namespace: str) -> None:
    met = []
    for _ in range(2):
        options = ("--url", url, "-n", namespace, "--type", "BID", "--rate", "0.5", "--seed", "3")
        with running("chaos", "duplicate", *options) as chaos:
            chaos.wait_for("seed 3")
            signals = bids(20)
            publish(url, namespace, *signals)
            assert chaos.interrupt() == 0
            shown = [line.split() for line in chaos.out]
            assert {cells[1] for cells in shown} == {"duplicate"}
            met.append([index for index, signal in enumerate(signals) if signal.id[-8:] in chaos.text])
    assert met[0] == met[1] != []


def test_it_ends_with_its_bus_and_by_the_clock(tmp_path) -> None:
    with bus_process(tmp_path) as (bus, url):
        timed = cosmo("chaos", "delay", "--url", url, "--for", "50ms")
        assert (timed.returncode, "0 signals met the fault" in timed.stderr) == (0, True)
        with running("chaos", "drop", "--url", url) as chaos:
            chaos.wait_for("Ctrl-C to end")
            bus.process.kill()
            assert chaos.end() == 3


@pytest.mark.parametrize("options", [["burn"], ["drop", "--rate", "0"], ["drop", "--rate", "2"], []])
def test_wrong_usage_exits_2(options) -> None:
    assert cosmo("chaos", *options).returncode == 2

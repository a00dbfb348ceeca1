"""`cosmo synapse view` of a whole bus: what it shows, and what it makes of two answers."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from cosmo_doppler.bus_picture import FLOWS, picture, rates
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.signal_types import SignalType
from tests.doppler.cli.commands import bus_process, cosmo, publish, running

TASK = Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {"text": "hi"}})


def answer(uptime_s: float = 10.0, published: int = 0, **session: Any) -> dict[str, Any]:
    bus = dict.fromkeys((*FLOWS, "subscriptions", "held"), 0)
    told = {
        "session": 1,
        "name": "",
        "address": "127.0.0.1:5",
        "subscriptions": 1,
        "waiting_lines": 0,
        "waiting_bytes": 0,
        "dropped": 0,
        "policy": "disconnect",
        "reading": True,
    }
    return {
        "uptime_s": uptime_s,
        "bus": {**bus, "published": published, "sessions": 1},
        "namespaces": [],
        "sessions": [{**told, **session}],
    }


def shown(stats: dict[str, Any], per_second: dict[str, float] | None = None, width: int = 80) -> str:
    return "\n".join(line.text for line in picture("cosmo://h:1", stats, per_second, width=width))


def test_rates_are_made_of_two_looks_at_one_bus() -> None:
    assert rates(answer(published=5), None) == {}
    assert rates(answer(12.0, 105), answer(10.0, 5))["published"] == 50.0
    # A bus that was started again counts from the beginning.
    assert rates(answer(1.0, 3), answer(10.0, 5)) == {}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("per_second", [None, {}, dict.fromkeys(FLOWS, 1_234_567.0)])
def test_every_line_fits(width: int, per_second: dict[str, float] | None) -> None:
    stats = answer(
        360_000,
        9_999_999_999,
        name="n" * 64,
        waiting_lines=65_536,
        waiting_bytes=67_000_000,
        dropped=1_234_567,
    )
    assert all(len(line) <= width for line in shown(stats, per_second, width).splitlines())


def test_a_session_goes_by_its_name_or_else_by_its_address() -> None:
    assert re.search(r"^127\.0\.0\.1:5 ", shown(answer()), re.MULTILINE)
    assert re.search(r"^worker +1 ", shown(answer(name="worker")), re.MULTILINE)
    assert re.search(r"^worker +127\.0\.0\.1:5 ", shown(answer(name="worker"), width=120), re.MULTILINE)


def test_who_holds_something_back_stands_out() -> None:
    lines = list(picture("u", answer(waiting_lines=3, waiting_bytes=3000, policy="drop-oldest"), None))
    [slow] = [line for line in lines if "drop-oldest" in line.text]
    assert re.search(r" 3 +3\.0 kB +0  drop-oldest$", slow.text)
    assert slow.style == "yellow"


def test_what_a_session_calls_itself_is_only_text() -> None:
    assert "\x1b" not in shown(answer(name="\x1b]0;title\x07 [red]x"))
    assert "␛]0;title␇ [red]x" in shown(answer(name="\x1b]0;title\x07 [red]x"))


def test_a_bus_of_another_release_shows_what_it_has() -> None:
    text = shown({"namespaces": [{"namespace": "dev", "transport": "memory", "signal_count": 4}]})
    assert re.search(r"^dev +memory +4$", text, re.MULTILINE)
    assert "a bus of another release" in text


def test_view_shows_counts_namespaces_and_sessions(tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet") as (_, url):
        publish(url, "dev", TASK)
        host, _, port = url.removeprefix("cosmo://").rpartition(":")
        with socket.create_connection((host, int(port))) as window:
            window.sendall(b'{"op":"hello","observer":true,"name":"window"}\n{"op":"ping"}\n')
            lines = window.makefile("rb")
            while b"pong" not in lines.readline():
                pass
            text = cosmo("synapse", "view", "--url", url).stdout
            told = json.loads(cosmo("synapse", "view", "--url", url, "--json").stdout)
            lines.close()
    assert re.search(r"^published +1 ", text, re.MULTILINE)
    assert re.search(r"^window .* drop-oldest$", text, re.MULTILINE)
    assert (told["url"], told["bus"]["published"]) == (url, 1)
    assert {"window"} < {each["name"] for each in told["sessions"]}


def test_watching_gives_an_object_for_every_look(tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet") as (bus, url):
        with running("synapse", "view", "--url", url, "--watch", "--every", "20ms", "--json") as watching:
            watching.wait_for('"published": 0')
            publish(url, "dev", TASK)
            watching.wait_for('"published": 1,')
            assert watching.interrupt() == 0
        looks = [json.loads(line) for line in watching.out]
        assert looks[0]["rates"] == {}
        assert any(look["rates"].get("published", 0) > 0 for look in looks)
        with running("synapse", "view", "--url", url, "--watch", "--every", "20ms") as plain:
            plain.wait_for("When slow", times=2)
            bus.interrupt()
            assert plain.end() == 3


def test_watching_is_about_the_whole_bus(url: str) -> None:
    said = cosmo("synapse", "view", "--url", url, "--watch", "-n", "dev")
    assert said.returncode == 2
    assert "leave -n out" in said.stderr

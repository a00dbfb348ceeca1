"""What is to be redacted is neither printed nor recorded, whichever command sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_sdk import Signal, SignalType
from tests.doppler.cli.commands import bus_process, cosmo, publish, running

SECRET = "~secret~"
TASK = Signal(type=SignalType.TASK, payload={"input": {"text": SECRET, "kind": "card"}})
LEFT = {"input": {"text": "[redacted]", "kind": "card"}}


@pytest.mark.parametrize(
    "words", [("tail", "--json"), ("tail", "--payload"), ("doppler", "--tail", "--json")]
)
def test_what_passes_is_printed_without_it(words: tuple[str, ...], url: str, namespace: str) -> None:
    with running(*words, "--url", url, "-n", namespace, "--redact", "payload.**.text") as tail:
        tail.wait_for("watching")
        publish(url, namespace, TASK)
        tail.wait_for("[redacted]")
        assert tail.interrupt() == 0
    assert SECRET not in tail.text
    assert '"kind"' in tail.text


def test_a_bus_records_without_what_the_settings_name(tmp_path: Path) -> None:
    config, path = tmp_path / "doppler.toml", tmp_path / "all.ndjson"
    config.write_text('redact = ["payload.input.text"]\n')
    arguments = ("synapse", "start", "memory", "--port", "0", "--record", str(path))
    with running(*arguments, COSMO_CONFIG=str(config)) as bus:
        url = bus.wait_for("URL:").split()[-1]
        publish(url, "dev", TASK)
        bus.wait_for("cosmonapse.dev.TASK")
        assert bus.interrupt() == 0
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["payload"] == LEFT


def test_a_bus_records_without_what_the_flag_names(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    with bus_process(tmp_path, "--record", str(path), "--redact", "payload.**.text") as (bus, url):
        publish(url, "dev", TASK)
        bus.wait_for("cosmonapse.dev.TASK")
        assert bus.interrupt() == 0
    assert json.loads(path.read_text())["payload"] == LEFT


def test_a_bus_that_records_nothing_has_nothing_to_redact() -> None:
    shown = cosmo("synapse", "start", "memory", "--port", "0", "--redact", "payload.**.text")
    assert shown.returncode == 2
    assert "--redact needs --record" in shown.stderr

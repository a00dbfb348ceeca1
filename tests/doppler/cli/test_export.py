from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from cosmo_sdk import Signal, SignalType
from tests.doppler.cli.commands import cosmo, publish, running, wait_until

DATA = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"


def frames(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def trace() -> str:
    first = next(line for line in read_recording(DATA) if b'"TASK_OFFER"' in line.frame)
    return str(json.loads(first.frame)["trace_id"])


def test_a_recording_exported_whole_is_the_same_signals() -> None:
    shown = cosmo("export", str(DATA))
    assert shown.returncode == 0
    before = [json.loads(line.frame) for line in read_recording(DATA) if not line.problem]
    after = [
        {key: value for key, value in each.items() if key not in {"rx", "subject"}}
        for each in frames(shown.stdout)
    ]
    assert [each["id"] for each in after] == [each["id"] for each in before]


def test_one_trace_by_the_end_of_its_id(trace: str, tmp_path: Path) -> None:
    out = tmp_path / "one.ndjson"
    assert cosmo("export", str(DATA), "--trace", trace[-10:], "-o", str(out)).stderr == f"wrote {out}\n"
    assert {each["trace_id"] for each in frames(out.read_text())} == {trace}
    again = cosmo("export", str(DATA), "--trace", trace, "-o", str(out))
    assert (again.returncode, again.stdout) == (1, "")
    assert f"{out} exists" in again.stderr


def test_pages_and_tables(trace: str, tmp_path: Path) -> None:
    page = cosmo("export", str(DATA), "--trace", trace, "--format", "md").stdout
    assert page.startswith("# Trace ")
    assert "## Auction " in page
    table = cosmo("export", str(DATA), "--format", "csv").stdout
    assert table.startswith("trace_id,offer_id,")
    assert trace in table


def test_what_is_redacted_is_in_no_format(trace: str) -> None:
    secret = "payload.**"
    for kind in ("ndjson", "md"):
        told = cosmo("export", str(DATA), "--trace", trace, "--format", kind, "--redact", secret)
        assert told.returncode == 0
        assert "redacted" in told.stdout
        assert "a cup" not in told.stdout
        assert "a cup" in cosmo("export", str(DATA), "--trace", trace, "--format", kind).stdout
    bids = cosmo("export", str(DATA), "--format", "csv", "--redact", "payload.cost").stdout
    assert ",invalid," in bids


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--format", "md"], 2, "a page is about one trace or one auction"),
        (["--trace", "nothing"], 1, "no trace ends in 'nothing'"),
        (["--trace", ""], 0, ""),
        (["-o", "picture.png"], 2, "picture.png names no format"),
        (["--trace", "a", "--auction", "b"], 2, "use one of them"),
        (["--redact", "id"], 2, "'id' begins with neither payload nor meta"),
    ],
)
def test_mistakes_are_named(arguments: list[str], code: int, complaint: str) -> None:
    shown = cosmo("export", str(DATA), *arguments)
    assert shown.returncode == code
    assert complaint in shown.stderr


def test_a_recording_never_holds_what_is_redacted(url: str, namespace: str, tmp_path: Path) -> None:
    file = tmp_path / "shared.ndjson"
    with running(
        "record", "-o", str(file), "--url", url, "-n", namespace, "--redact", "payload.**.text"
    ) as record:
        record.wait_for("recording")
        publish(
            url, namespace, Signal(type=SignalType.TASK, payload={"input": {"text": "4111", "kind": "card"}})
        )
        wait_until(lambda: b"TASK" in file.read_bytes())
        assert record.interrupt() == 0
    (task,) = [frame for frame in frames(file.read_text()) if frame["type"] == "TASK"]
    assert task["payload"] == {"input": {"text": "[redacted]", "kind": "card"}}

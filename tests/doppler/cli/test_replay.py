"""`cosmo replay` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from tests.doppler.cli.commands import cosmo, publish, running, wait_until
from tests.doppler.cli.signals import bids


def test_what_was_recorded_arrives_again_as_it_was_or_as_new(url: str, namespace: str, tmp_path) -> None:
    path = tmp_path / "session.ndjson"
    signals = bids(3)
    with running("record", "--url", url, "-n", namespace, "-o", str(path)) as record:
        record.wait_for("recording")
        publish(url, namespace, *signals)
        # Every client has a socket of its own: that the bus took them does not mean that they are here.
        wait_until(lambda: signals[-1].id.encode() in path.read_bytes())
        assert record.interrupt() == 0
    with running("tail", "--url", url, "-n", f"{namespace}b", "--json", "--type", "BID") as tail:
        tail.wait_for("watching")
        options = ("--url", url, "-n", f"{namespace}b", "--speed", "max")
        once = cosmo("replay", str(path), *options, "--json")
        assert once.returncode == 0, once.stderr
        assert json.loads(once.stdout)["sent"] == len(path.read_text().splitlines())
        tail.wait_for(signals[-1].id)
        assert [json.loads(line)["id"] for line in tail.out] == [signal.id for signal in signals]
        again = cosmo("replay", str(path), *options, "--as-new-traces")
        assert (again.returncode, again.stdout) == (0, "")
        tail.wait_for('"cost":2.0', times=2)
        new = [json.loads(line) for line in tail.out[3:]]
        assert len({signal["trace_id"] for signal in new} | {signals[0].trace_id}) == 2
        assert not {signal["id"] for signal in new} & {signal.id for signal in signals}


def test_bad_lines_are_named_and_the_rest_is_sent(url: str, namespace: str, tmp_path) -> None:
    path = tmp_path / "broken.ndjson"
    good = bids(1)[0].encode().decode()
    path.write_text(f"{good}\nnot json\n[]\n{good}\n")
    done = cosmo("replay", str(path), "--url", url, "-n", namespace, "--speed", "max")
    assert done.returncode == 1
    assert f"{path}:2: not sent: not JSON" in done.stderr
    assert f"{path}:3: not sent: JSON, but not an object" in done.stderr
    assert "sent 2 signals" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.ndjson"], 1, "no such file; record one with"),
        (["x", "--speed", "fast"], 2, "'fast' is no speed; write a factor like 0.5 or 10, or max"),
        (["x", "--speed", "0"], 2, "'0' is no speed"),
        ([], 2, "Missing argument 'FILE'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(url: str, arguments, code, words) -> None:
    done = cosmo("replay", *arguments, "--url", url)
    assert (done.returncode, words in done.stderr, done.stderr.count("\n")) == (code, True, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no signal; record one with `cosmo record -o FILE`"),
        ("a letter\nof two lines\n", "holds no signal"),
        ('{"some": "object"}\n', "1: skipped: an object that is no signal"),
    ],
)
def test_a_file_without_signals_is_refused_before_any_bus_is_asked(
    nobody_there, tmp_path, text, words
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text(text)
    done = cosmo("replay", str(path), "--url", nobody_there)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "cannot reach" not in done.stderr


def bids_in(folder: Path) -> int:
    return sum(b'"BID"' in line.frame for file in folder.iterdir() for line in read_recording(file))


def test_recordings_are_compressed_and_divided_by_their_names_and_sizes(
    url: str, namespace: str, tmp_path
) -> None:
    path = tmp_path / "day.ndjson.zst"
    options = ("--url", url, "-n", namespace, "-o", str(path))
    with running("record", *options, "--rotate", "2kB") as record:
        record.wait_for("recording")
        publish(url, namespace, *bids(20))
        wait_until(lambda: bids_in(tmp_path) == 20)
        assert record.interrupt() == 0
    files = sorted(tmp_path.iterdir())
    assert len(files) >= 3
    sent = [cosmo("replay", str(file), "--url", url, "--speed", "max", "--json") for file in files]
    assert all(each.returncode == 0 for each in sent), sent
    assert sum(json.loads(each.stdout)["sent"] for each in sent) >= 20

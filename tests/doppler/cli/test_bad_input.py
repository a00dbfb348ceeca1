"""Whatever is wrong gets one line that names it, the right exit code, and no traceback."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tests.doppler.cli.commands import cosmo


def said(*arguments: str, code: int) -> str:
    shown = cosmo(*arguments)
    assert "Traceback" not in shown.stderr
    assert shown.returncode == code, shown
    assert shown.stderr.count("\n") == 1, shown.stderr
    assert shown.stderr.startswith("error: ")
    return shown.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("tail",),
        ("record", "-o", "never.ndjson"),
        ("registry", "list"),
        ("dispatch", "--neuron", "a"),
        ("answer",),
        ("stop", "trc_1"),
        ("synapse", "view"),
        ("synapse", "view", "-n", "dev"),
        ("synapse", "stop", "-n", "dev"),
        ("doppler", "--tail"),
    ],
    ids=" ".join,
)
def test_a_bus_that_is_not_there(
    words: tuple[str, ...], nobody_there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = said(*words, "--url", nobody_there, code=3)
    assert nobody_there in text
    assert "cosmo synapse start memory --port 9" in text
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_no_bus() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(20)

        def greet() -> None:
            connection, _ = server.accept()
            connection.sendall(b"220 mail.example ready\r\n")
            connection.close()

        greeter = threading.Thread(target=greet)
        greeter.start()
        text = said("synapse", "view", "--url", f"cosmo://127.0.0.1:{port}", code=3)
        greeter.join()
    assert "is no bus" in text


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("tail", "-n", "a.b"), "without dots"),
        (("doppler", "-n", "a.b"), "without dots"),
        (("tail", "--url", "http://x"), "cosmo://"),
        (("tail", "--type", "NOISE"), "TASK_OFFER"),
        (("tail", "--for", "soon"), "500ms"),
        (("dispatch", "--neuron", "a", "--input", "[1]"), "a JSON object is needed, not a list"),
        (("dispatch", "--neuron", "a", "--input", "{text: hi}"), "not JSON"),
        (("dispatch",), "--neuron ID"),
        (("dispatch", "--offer", "--neuron", "a"), "use one of them"),
        (("dispatch", "--offer", "--select", "cheapest"), "lowest_cost"),
        (("stop", "7F00"), "start with trc_"),
        (("doppler", "--demo", "--screenshot", "x.svg", "--size", "huge"), "120x40"),
        (("doppler", "--demo", "--speed", "0"), "'0' is no speed; write a number from 0.1 to 100, or max"),
        (("doppler", "x.ndjson", "--demo"), "use one of them"),
        (("doppler", "--demo", "--tail"), "--plain"),
        (("doppler", "cosmo://h:1", "cosmo://h:2", "--plain"), "need the screen"),
        (("doppler", "cosmo://h:1", "cosmo://h:2", "--until", "type:BID"), "need the screen"),
        (("doppler", "--trace", "x"), "need --tail"),
        (("doppler", "--synapse", "cosmo://h:1/dev", "--url", "cosmo://h:1"), "both name the bus"),
        (("synapse", "start", "kafka"), "memory"),
        (("synapse", "start", "--port", "70000"), "65535"),
        (("synapse", "start", "--host", "0.0.0.0", "--port", "0"), "loopback"),
        (("record",), "--output"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_wrong_usage(words: tuple[str, ...], hint: str) -> None:
    assert hint in said(*words, code=2)


def test_a_bad_default_from_the_environment_is_wrong_usage() -> None:
    shown = cosmo("tail", COSMO_NAMESPACE="a.b")
    assert shown.returncode == 2
    assert "'a.b' is no namespace" in shown.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = said("synapse", "start", "memory", "--port", str(port), code=1)
    assert f"port {port} on 127.0.0.1 is taken" in text
    assert "choose another port" in text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"\x00\xff\xfe\x01" * 64, "line 1"),
        (b"hello\nworld\n", "line 1"),
        (b'{"type":"TASK","v":', "line 1"),
    ],
    ids=["missing", "empty", "binary", "text", "torn"],
)
def test_a_recording_that_is_none(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "session.ndjson"
    if content is not None:
        path.write_bytes(content)
    text = said("doppler", str(path), "--plain", code=1)
    assert str(path) in text
    assert reason in text


@pytest.mark.parametrize(
    "words", [("doppler", "--plain"), ("auctions",), ("replay",), ("export",)], ids=" ".join
)
def test_a_directory_is_no_recording(words: tuple[str, ...], tmp_path: Path) -> None:
    assert "not a file but a directory" in said(*words, str(tmp_path), code=1)


def test_a_file_that_exists_is_not_overwritten(url: str, tmp_path: Path) -> None:
    path = tmp_path / "precious.ndjson"
    path.write_text("precious\n")
    for words in (
        ("record", "-o", str(path), "--url", url),
        ("doppler", "--demo", "--record", str(path)),
        ("synapse", "start", "memory", "--port", "0", "--record", str(path)),
    ):
        assert f"{path} exists" in said(*words, code=1)
    assert path.read_text() == "precious\n"


def test_a_recording_cannot_go_where_there_is_no_folder(url: str, tmp_path: Path) -> None:
    text = said(
        "synapse", "start", "memory", "--port", "0", "--record", str(tmp_path / "no" / "x.ndjson"), code=1
    )
    assert "No such file or directory" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("gate",), "name one of its commands: "),
        (("synapse",), "name one of its commands: "),
        (("chaos",), "Missing argument"),
        (("chaos", "drop", "--rate", "nan"), "'nan' is no rate"),
        (("chaos", "drop", "--rate", "0"), "'0' is no rate"),
        (("chaos", "drop", "--rate", "often"), "'often' is no rate"),
        (("synapse", "start", "memory", "--rotate", "1GB"), "--rotate needs --record"),
    ],
    ids=str,
)
def test_what_is_missing_or_makes_no_sense_is_said_in_one_line(
    words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in said(*words, code=2)


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no certificate")
    text = said("synapse", "start", "memory", "--port", "0", "--tls-cert", str(file), code=2)
    assert f"{file}: no certificate with its private key" in text
    assert "(None)" not in text

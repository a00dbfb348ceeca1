from __future__ import annotations

from pathlib import Path

import click
import pytest

from cosmo_bus.errors import (
    NOBODY_THERE,
    BusClosed,
    CannotConnect,
    LineTooLong,
    NotAdmitted,
    NotLoopback,
    PortTaken,
    TokenError,
)
from cosmo_doppler.cli.exits import CommandError, Exit, report
from cosmo_doppler.errors import RecordingError, SettingError
from cosmo_sdk.errors import NoBids, PathwayStopped, SynapseError


def lost(cause: Exception | None) -> SynapseError:
    error = SynapseError("the synapse says so")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (CommandError("what", "remedy"), Exit.FAILED, "error: what; remedy"),
        (click.UsageError("bad option"), Exit.USAGE, "error: bad option; see `cosmo --help`"),
        (KeyboardInterrupt(), Exit.INTERRUPTED, ""),
        (click.Abort(), Exit.INTERRUPTED, ""),
        (NoBids("trc_1", 250), Exit.NO_BIDS, "nobody bid within 250 ms"),
        (PathwayStopped("trc_1"), Exit.FAILED, "trace trc_1 was stopped"),
        (
            CannotConnect("cosmo://127.0.0.1:7", NOBODY_THERE),
            Exit.UNREACHABLE,
            "synapse start memory --port 7`",
        ),
        (CannotConnect("cosmo://far.example:7", NOBODY_THERE), Exit.UNREACHABLE, "is it running there?"),
        (lost(CannotConnect("cosmo://127.0.0.1:7", "refused")), Exit.UNREACHABLE, "cannot reach the bus"),
        (
            NotAdmitted("cosmo://127.0.0.1:7", "it asks for a token"),
            Exit.UNREACHABLE,
            "the bus at cosmo://127.0.0.1:7 does not let us in: it asks for a token\n",
        ),
        (TokenError("the token file x is empty"), Exit.USAGE, "the token file x is empty"),
        (lost(BusClosed("gone")), Exit.UNREACHABLE, "lost the bus"),
        (lost(LineTooLong(9000, 100)), Exit.FAILED, "the synapse says so"),
        (lost(None), Exit.UNREACHABLE, "lost the bus: the synapse says so"),
        (PortTaken("127.0.0.1", 7070), Exit.FAILED, "port 7070 on 127.0.0.1 is taken"),
        (NotLoopback("0.0.0.0"), Exit.USAGE, "loopback only"),
        (SettingError("namespace 'a.b' cannot be used"), Exit.USAGE, "namespace 'a.b'"),
        (RecordingError(Path("x.ndjson"), "is empty"), Exit.FAILED, "x.ndjson: is empty"),
        (FileNotFoundError(2, "No such file", "x"), Exit.FAILED, "error: x: No such file"),
        (ZeroDivisionError("oops"), Exit.FAILED, "unexpected ZeroDivisionError: oops; this is a bug"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_error_has_one_line_and_a_code(
    error: BaseException, code: Exit, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(error) is code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == (1 if words else 0)


def test_a_bug_shows_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COSMO_TRACEBACK", "1")
    assert report(ZeroDivisionError("oops")) is Exit.FAILED
    said = capsys.readouterr().err
    assert said.startswith("ZeroDivisionError: oops\n")
    assert said.endswith("COSMO_TRACEBACK=1 shows where\n")

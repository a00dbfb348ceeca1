"""How commands end: the exit codes, and what each error says (DESIGN 8)."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum

import click

from cosmo_doppler.cli.output import say
from cosmo_doppler.settings import without_login

TRACEBACK_VARIABLE = "COSMO_TRACEBACK"
"""Environment variable: set, a bug of ours shows its traceback."""


class Exit(IntEnum):
    """What a script can tell from the exit code."""

    DONE = 0
    FAILED = 1
    """The thing asked for did not happen: timeout, ERROR, unusable file."""
    USAGE = 2
    UNREACHABLE = 3
    """No bus there, or it went away."""
    NO_BIDS = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on.

    Args:
        what: what went wrong, naming the thing at fault.
        remedy: what to do about it.
        code: how the process ends.
    """

    def __init__(self, what: str, remedy: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.code = code


def no_bus(url: str, reason: str, *, flag: str = "--url") -> CommandError:
    """The error for a bus that does not answer; `flag` names another one."""
    from cosmo_bus.errors import NOBODY_THERE

    scheme, _, place = url.partition("://")
    host, _, port = place.rstrip("/").rpartition(":")
    start = f"start one with `cosmo synapse start memory --port {port}`"
    if scheme == "nats":
        start = f"start one with `nats-server --addr {host} --port {port}`"
    remedy = f"{start if host in ('127.0.0.1', 'localhost', '[::1]') else 'is it running there?'} or "
    if reason != NOBODY_THERE:
        # Something is there, and starting another helps nobody.
        remedy = ""
    return CommandError(
        f"cannot reach the bus at {url} ({reason})", f"{remedy}name another with {flag}", Exit.UNREACHABLE
    )


def report(error: BaseException) -> Exit:
    """Say on stderr what went wrong, in one line, and return the exit code."""
    what, remedy, code = _explain(error)
    if what:
        say(f"error: {what}; {remedy}" if remedy else f"error: {what}")
    return code


def _explain(error: BaseException) -> tuple[str, str, Exit]:
    match error:
        case CommandError():
            return error.what, error.remedy, error.code
        case click.UsageError():
            command = error.ctx.command_path if error.ctx is not None else "cosmo"
            return _usage(error), f"see `{command} --help`", Exit.USAGE
        case click.ClickException():
            return error.format_message(), "", Exit.FAILED
        case KeyboardInterrupt() | click.Abort():
            return "", "", Exit.INTERRUPTED
        case _:
            return _explain_from_below(error)


def _usage(error: click.UsageError) -> str:
    """What was wrong, in one line: click spreads a list of choices, and the help of a group, over several."""
    group = error.ctx.command if error.ctx is not None else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and isinstance(group, click.Group):
        return f"name one of its commands: {', '.join(group.list_commands(click.Context(group)))}"
    return " ".join(error.format_message().split()).rstrip(".")


def _explain_from_below(error: BaseException) -> tuple[str, str, Exit]:
    """What the rooms below raise. They are imported here, when something did go wrong."""
    from cosmo_bus.errors import (
        BadUrl,
        BusClosed,
        BusError,
        CannotConnect,
        LineTooLong,
        NoAnswer,
        NotAdmitted,
        NotLoopback,
        TlsError,
        TokenError,
    )
    from cosmo_doppler.errors import DopplerError, SettingError
    from cosmo_sdk.errors import CosmoError, MissingExtra, NoBids, PathwayStopped, SynapseError

    cause = error.__cause__ if isinstance(error, SynapseError) else error
    match cause or error:
        case MissingExtra():
            return str(error), "", Exit.USAGE
        case BadUrl() as failed:
            # What the options let through and the dev bus does not take.
            bus = without_login(failed.url)
            return (
                f"this command works with the dev bus only, not with {bus}",
                "name one with --url cosmo://host:port",
                Exit.USAGE,
            )
        case NotAdmitted() as failed:
            return f"the bus at {failed.url} does not let us in: {failed.reason}", "", Exit.UNREACHABLE
        case CannotConnect() as failed:
            return _explain(no_bus(failed.url, failed.reason))
        case NoBids() as failed:
            return (
                f"nobody bid within {failed.deadline_ms} ms",
                "see who could with `cosmo registry list`, or widen the window with --deadline-ms",
                Exit.NO_BIDS,
            )
        case PathwayStopped() as failed:
            return f"trace {failed.trace_id} was stopped", "", Exit.FAILED
        case NotLoopback() | TokenError() | TlsError() | SettingError():
            return str(error), "", Exit.USAGE
        case LineTooLong() | DopplerError():
            return str(error), "", Exit.FAILED
        case BusClosed() | NoAnswer() | SynapseError():
            return f"lost the bus: {error}", "start it again and try once more", Exit.UNREACHABLE
        case CosmoError() | BusError():
            return str(error), "", Exit.FAILED
        case OSError() as failed:
            where = f"{failed.filename}: " if failed.filename else ""
            return f"{where}{failed.strerror or failed}", "", Exit.FAILED
        case _:
            return _explain_bug(error)


def _explain_bug(error: BaseException) -> tuple[str, str, Exit]:
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    return (
        f"unexpected {type(error).__name__}: {error}",
        f"this is a bug; {TRACEBACK_VARIABLE}=1 shows where",
        Exit.FAILED,
    )


def leave_pipe() -> Exit:
    """End quietly after the reader of our stdout left, as in `cosmo tail | head`."""
    # Python flushes stdout once more on exit; that must not fail a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE

"""What PostgreSQL says when it does not do something, in words of ours."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.coordination._pg_connections import driver
from cosmo_sdk.coordination.errors import StoreBusyError


def in_words(error: Any, where: str, busy_ms: int) -> Exception:
    """The exception that callers get for one of psycopg's.

    Args:
        error: a `psycopg.Error`.
        where: which server.
        busy_ms: how long statements may take.
    """
    errors = driver().errors
    said = " ".join(str(error).split())
    if isinstance(
        error,
        errors.QueryCanceled
        | errors.LockNotAvailable
        | errors.DeadlockDetected
        | errors.SerializationFailure
        | errors.IdleInTransactionSessionTimeout,
    ):
        return StoreBusyError(
            f"{where}: others kept it for {busy_ms / 1000:g} s ({said}); nothing was written"
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return ConnectionError(f"{where} takes no writes: name the server that is not a standby ({said})")
    if isinstance(error, errors.InsufficientPrivilege):
        return PermissionError(f"{where}: {said}")
    if isinstance(error, driver().DataError):
        return ValueError(f"PostgreSQL cannot keep that: {said}")
    if isinstance(error, driver().OperationalError):
        return ConnectionError(
            f"{where} cannot be reached: {said}; is the server running, and does it let you in?"
        )
    return RuntimeError(f"{where}: {said}")


def unknown_end(where: str, key: str) -> ConnectionError:
    """What is raised when nobody can tell whether a commit came about."""
    return ConnectionError(
        f"{where} went away while a change to {key!r} was being committed: look whether it stands before you repeat it"
    )

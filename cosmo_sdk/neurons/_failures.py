"""Why a provider gave no answer, as a NeuronError: which failures may pass, and what the provider itself says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from cosmo_sdk.clock import SYSTEM_CLOCK
from cosmo_sdk.errors import NeuronError
from cosmo_sdk.retry import RETRY_AFTER

SAID_LIMIT = 300
"""Characters of a provider's own message that go into an ERROR."""

# Besides 5xx: the server was slow, met the request too early, or has had too many of them.
_PASSING = frozenset({408, 425, 429})

# What providers call their failures where there is no status to tell: inside a stream.
_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "validation": 422,
    "rate_limit_error": 429,
    "overloaded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def refused(status: int, headers: Mapping[str, str], body: bytes, where: str, hint: str = "") -> NeuronError:
    """The failure that a status other than success means.

    Args:
        status: of HTTP.
        headers: with names in lower case.
        body: what came with it.
        where: host and path of the request.
        hint: what to do about a 401 or 403.
    """
    said = _said_by(body)
    moved = headers.get("location") if 300 <= status < 400 else None
    if moved:
        said = f"it has moved to {moved:.100}"
    message = f"{where} answered {status}" + (f": {said}" if said else "")
    if hint and status in (401, 403):
        message += f" ({hint})"
    wait_s = _retry_after(headers)
    return _failure(status, message, {} if wait_s is None else {RETRY_AFTER: wait_s})


def told(error: Any, where: str, *, midway: bool) -> NeuronError:
    """The failure that an `error` inside an answer means.

    Args:
        error: the value under that name.
        where: host and path of the request.
        midway: part of the answer had come already. Then whatever we cannot place may pass.
    """
    message = f"{where} failed: {_cut(_message_in(error)) or 'it does not say why'}"
    status = _status_in(error)
    if status is None:
        return NeuronError(message, code="NEURON_PROVIDER_ERROR", recoverable=midway)
    return _failure(status, message, {})


def unreadable(where: str, why: str) -> NeuronError:
    """The failure of an answer that makes no sense. Asking again would bring the same."""
    return NeuronError(f"{where} sent {why}: is this the right endpoint?", code="NEURON_BAD_ANSWER")


def cut_off(where: str) -> NeuronError:
    """The failure of a stream that ended before the answer did."""
    return NeuronError(
        f"{where} ended its answer before it was complete", code="NEURON_CUT_OFF", recoverable=True
    )


def _failure(status: int, message: str, meta: dict[str, Any]) -> NeuronError:
    return NeuronError(
        message, code=f"NEURON_HTTP_{status}", recoverable=status in _PASSING or status >= 500, meta=meta
    )


def _status_in(error: Any) -> int | None:
    if not isinstance(error, dict):
        return None
    for key in ("status", "code"):
        told = error.get(key)
        if isinstance(told, str) and told.isdecimal():
            told = int(told)
        if isinstance(told, int) and 400 <= told < 600:
            return told
    kinds = (error.get("type"), error.get("error_type"), error.get("code"))
    return next((_STATUS_OF[kind] for kind in kinds if isinstance(kind, str) and kind in _STATUS_OF), None)


def _said_by(body: bytes) -> str:
    """What the body of a failure says, in one short line."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body[: 4 * SAID_LIMIT].decode("utf-8", "replace")
        return "an HTML page" if text.lstrip().startswith("<") else _cut(text)
    return _cut(_message_in(data))


def _message_in(data: Any) -> str:
    """The sentence in whatever shape a provider wraps it."""
    if isinstance(data, str):
        return data
    if isinstance(data, dict):
        for key in ("error", "message", "detail", "msg", "error_description"):
            message = _message_in(data.get(key))
            if message:
                return message
    if isinstance(data, list):
        return "; ".join(filter(None, map(_message_in, data[:3])))
    return ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SAID_LIMIT else f"{line[: SAID_LIMIT - 1]}…"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a provider asks us to wait, or None."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - SYSTEM_CLOCK.now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return round(max(0.0, seconds), 3) if math.isfinite(seconds) else None

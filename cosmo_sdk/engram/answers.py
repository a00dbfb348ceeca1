"""Reading what memories answer: RECALLED and IMPRINTED in any dialect, several answers made into one result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cosmo_sdk.engram.base import (
    OVERLOADED,
    EngramError,
    EngramOverloaded,
    Hit,
    ImprintReceipt,
    RecallResult,
)
from cosmo_sdk.envelope import Signal


def usable(answers: list[Signal]) -> list[Signal]:
    """The answers without an error.

    Raises:
        EngramError: there is none; the first error says why.
    """
    usable = [answer for answer in answers if answer.payload.get("error") is None]
    if usable:
        return usable
    first = answers[0]
    text = f"{first.payload.get('engram_id') or first.neuron}: {first.payload['error']}"
    raise EngramOverloaded(text) if str(first.payload["error"]).startswith(OVERLOADED) else EngramError(text)


class _WireHit(msgspec.Struct):
    id: str
    entry: dict[str, Any] | None = None
    value: dict[str, Any] | None = None
    """Another spelling of `entry`."""
    score: float = 1.0


def _hits(answer: Signal) -> list[Hit]:
    try:
        received = msgspec.convert(answer.payload.get("hits", []), list[_WireHit])
    except msgspec.ValidationError as error:
        raise EngramError(f"{answer.neuron}: its RECALLED is not usable: {error}") from None
    return [Hit(hit.id, hit.value or {} if hit.entry is None else hit.entry, hit.score) for hit in received]


def _result(answers: list[Signal], hits: list[Hit]) -> RecallResult:
    times = [took for answer in answers if isinstance(took := answer.payload.get("took_ms"), int)]
    return RecallResult(
        hits=hits,
        engram_ids=tuple(str(answer.payload.get("engram_id") or answer.neuron or "") for answer in answers),
        truncated=any(answer.payload.get("truncated") is True for answer in answers),
        took_ms=max(times, default=None),
    )


def _all(answers: list[Signal]) -> RecallResult:
    return _result(answers, [hit for answer in answers for hit in _hits(answer)])


def _merge(answers: list[Signal]) -> RecallResult:
    best: dict[str, Hit] = {}
    for answer in answers:
        for hit in _hits(answer):
            if hit.id not in best or hit.score > best[hit.id].score:
                best[hit.id] = hit
    return _result(answers, sorted(best.values(), key=lambda hit: -hit.score))


def _first(answers: list[Signal]) -> RecallResult:
    return _all(answers[:1])


COMBINE: dict[str, Callable[[list[Signal]], RecallResult]] = {"first": _first, "merge": _merge, "all": _all}
"""By recall mode: the one result that several answers make."""


def receipt(answer: Signal) -> ImprintReceipt:
    """The receipt an IMPRINTED stands for."""
    said = answer.payload
    return ImprintReceipt(
        engram_id=str(said.get("engram_id") or answer.neuron or ""),
        op=str(said.get("op", "")),
        id=said.get("id"),
        version=said.get("version"),
        took_ms=said.get("took_ms"),
        error=said.get("error"),
    )

"""What can be written next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cosmo_doppler.query.ast import OPERATORS
from cosmo_doppler.query.fields import FIELDS, FLAGS, PATHS
from cosmo_sdk.signal_types import SignalType

_AFTER_A_FIELD = (":", *(op for op in OPERATORS if op != ":"))
_LAST = re.compile(r"-?([A-Za-z_][\w.-]*)?(!=|!~|<=|>=|[:=<>~])?([^\s()\"]*)$")


class Completions(NamedTuple):
    """Words that may stand between `start` and where the cursor is."""

    start: int
    words: tuple[str, ...]


def completions(
    text: str,
    position: int,
    known: Callable[[str], Iterable[str]] = lambda field: (),
    named: Iterable[str] = (),
) -> Completions:
    """What can stand at a place: fields and flags, the operators after one, the values of one, or a saved filter.

    Args:
        text: the expression as far as it is written.
        position: of the cursor, from 0.
        known: values of a field that were seen.
        named: names of saved filters.
    """
    before = text[: max(0, position)]
    if before.count('"') % 2:
        return Completions(len(before), ())
    found = _LAST.search(before[-200:])
    if found is None:
        return Completions(len(before), ())
    field, op, begun = found[1] or "", found[2], found[3]
    if not field and not op and begun.startswith("$"):
        return Completions(
            len(before) - len(begun), _starting(begun, tuple(f"${name}" for name in sorted(named)))
        )
    if op and field:
        return Completions(len(before) - len(begun), _starting(begun, (*_values(field), *known(field))))
    if field in FIELDS:
        return Completions(len(before), _AFTER_A_FIELD)
    names = _starting(field, (*FIELDS, *FLAGS, *PATHS, "not", "and", "or"))
    return Completions(len(before) - len(field), names)


def _values(field: str) -> tuple[str, ...]:
    if field == "type":
        return tuple(SignalType.__members__)
    if field in ("has", "is"):
        return tuple(name.partition(":")[2] for name in FLAGS if name.startswith(f"{field}:"))
    if field not in FIELDS:
        return ()
    return ("true", "false") if FIELDS[field].kind == "truth" else FIELDS[field].values


def _starting(begun: str, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word.lower().startswith(begun.lower()))

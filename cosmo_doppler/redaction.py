"""What must not leave: paths into payloads whose values are replaced before anything is kept, exported or drawn.

A path is names joined by dots that begins with `payload` or `meta`: `payload.input.card`, `meta.token`. `*` stands for any
one name or place in a list, `**` for any number of them: `payload.**.password`. What lies under the end of a path goes as
a whole. The rest of an envelope says who talks to whom, which is what everybody came to see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from cosmo_doppler.errors import SettingError
from cosmo_sdk.dialects import read_odd_json

REPLACED = "[redacted]"
"""What stands where a value was."""

UNREADABLE = b'{"type":"[redacted]","payload":{"redacted":"not to be searched: no JSON object, or too deep"}}'
"""What stands where a frame was that no path can be looked up in."""

_PARTS = ("payload", "meta")
_DEEPEST = 200

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")

Steps = tuple[str, ...]


class Redaction:
    """A set of paths.

    Args:
        paths: as above.

    Raises:
        SettingError: a path that cannot be meant.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.paths = tuple(dict.fromkeys(path.strip() for path in paths if path.strip()))
        self._steps = [_steps(path) for path in self.paths]
        names = {steps[-1] for steps in self._steps}
        # Most frames have none of the names anywhere: looking for them is far cheaper than decoding.
        plain = all(_PLAIN_NAME.fullmatch(name) for name in names)
        self._hint = re.compile("|".join([*sorted(names), r"\\u"]).encode()) if plain else None

    def __bool__(self) -> bool:
        return bool(self._steps)

    def apply(self, frame: bytes) -> bytes:
        """The frame without the values; the same object when nothing in it is to go.

        A frame that is no JSON object goes as a whole: nobody can say what is in it.
        """
        if not self._steps:
            return frame
        if self._hint is not None and frame[:1] == b"{" and self._hint.search(frame) is None:
            return frame
        try:
            envelope, odd = _decode(frame), False
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            odd = True
            try:
                envelope = read_odd_json(frame)
            except (ValueError, RecursionError):
                return UNREADABLE
        if not isinstance(envelope, dict):
            return UNREADABLE
        try:
            changed = self._redact_all(envelope)
            written = _encode(envelope)
            # Of a name that stands there twice only the last value was read: what was not read is not to leave.
            return written if changed or odd or written != msgspec.json.format(frame, indent=-1) else frame
        except RecursionError:
            return UNREADABLE

    def _redact_all(self, envelope: dict[str, Any]) -> bool:
        changed = False
        for steps in self._steps:
            changed |= _redact(envelope, steps, 0)
        inner = envelope.get("frame")
        if isinstance(inner, str) and "payload" not in envelope:
            # An event of a gate or a fault, with the frame it was about.
            hidden = self.apply(inner.encode("utf-8", "backslashreplace")).decode()
            changed |= hidden != inner
            envelope["frame"] = hidden
        return changed


def _steps(path: str) -> Steps:
    steps = tuple(path.split("."))
    if not all(steps):
        raise SettingError(f"{path!r} is no path: write names joined by dots, as in payload.input.card")
    if steps[0] not in _PARTS:
        raise SettingError(f"{path!r} begins with neither payload nor meta; nothing else can be redacted")
    return steps


def _redact(value: Any, steps: Steps, depth: int) -> bool:
    """Replace in place what the steps lead to; whether anything was. Raises RecursionError far down."""
    if depth > _DEEPEST:
        raise RecursionError
    first, rest = steps[0], steps[1:]
    if first == "**":
        here = _redact(value, rest, depth) if rest else _replace(value, "*")
        below = [_redact(child, steps, depth + 1) for child in _children(value)]
        return here or any(below)
    if not rest:
        return _replace(value, first)
    if first == "*":
        # A list, because `any` would stop at the first one that has it.
        return any([_redact(child, rest, depth + 1) for child in _children(value)])  # noqa: C419
    return isinstance(value, dict) and first in value and _redact(value[first], rest, depth + 1)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _replace(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        names = list(value) if name == "*" else [name] if name in value else []
        for each in names:
            value[each] = REPLACED
        return bool(names)
    if isinstance(value, list) and name == "*":
        value[:] = [REPLACED] * len(value)
        return bool(value)
    return False

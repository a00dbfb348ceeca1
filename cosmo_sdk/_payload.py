"""The base of every row in the payload table: how a payload is written, and how a received one is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, Literal, get_type_hints

import msgspec

from cosmo_sdk.signal_types import SignalType

ImprintOp = Literal["add", "append", "merge", "upsert", "delete"]
"""What an IMPRINT does to the memory (PROTOCOL 8.4)."""

RecallMode = Literal["first", "merge", "all"]
"""Which answers a RECALL waits for: the first, all of them with one hit per entry, or all of them untouched."""

ParticipantRole = Literal["neuron", "engram", "effector"]
"""What registers: something that thinks, remembers, or acts."""

Position = Literal["root", "request", "reply", "presence"]
"""Where a type stands in a trace, which decides what its factory asks for.

`root` may open a trace, `request` needs a trace, `reply` needs its cause as well, `presence` stands outside of
any workflow and needs who it is about.
"""


class Payload(msgspec.Struct, kw_only=True):
    """Base of the table's rows."""

    type: ClassVar[SignalType]
    position: ClassVar[Position] = "reply"
    required: ClassVar[frozenset[str]] = frozenset()
    """Fields with a default that every sender must write all the same."""
    written: ClassVar[frozenset[str]] = frozenset()
    """Fields always written by us that a reader can do without."""

    def to_wire(self) -> dict[str, Any]:
        """The payload as sent: absent options, empty optional collections and unset flags are left out."""
        wire: dict[str, Any] = {}
        for name, absent in _layout(self.__class__):
            value = getattr(self, name)
            if absent is None or not absent(value):
                wire[name] = value
        return wire

    @classmethod
    def faults(cls, payload: Mapping[str, Any]) -> list[str]:
        """What is missing from a received payload or has the wrong type, one sentence per field."""
        found: list[str] = []
        for name, annotation, required in _expectations(cls):
            if name not in payload:
                if required:
                    found.append(f"{name}: missing")
                continue
            try:
                msgspec.convert(payload[name], annotation)
            except msgspec.ValidationError as error:
                found.append(f"{name}: {_plainly(str(error))}")
            except RecursionError:
                found.append(f"{name}: nested too deeply")
        return found


def _is_none(value: Any) -> bool:
    return value is None


def _is_unset(value: Any) -> bool:
    """Whether an option says nothing. A zero says something: `eta_ms=0` is a promise."""
    return value is None or value is False or value == [] or value == {}


@cache
def _layout(struct: type[Payload]) -> tuple[tuple[str, Callable[[Any], bool] | None], ...]:
    """For each field, how to see that it need not be written; None when it always is."""
    always = struct.required | struct.written
    layout: list[tuple[str, Callable[[Any], bool] | None]] = []
    for field in msgspec.structs.fields(struct):
        if field.required or field.name in always:
            layout.append((field.name, None))
        else:
            # An option of any JSON type may well be false or empty: only null is absent.
            layout.append((field.name, _is_none if field.type is Any else _is_unset))
    return tuple(layout)


@cache
def _expectations(struct: type[Payload]) -> tuple[tuple[str, Any, bool], ...]:
    """Name, annotation and whether it must be there, for each field."""
    hints = get_type_hints(struct)
    return tuple(
        (field.name, hints[field.name], field.required or field.name in struct.required)
        for field in msgspec.structs.fields(struct)
    )


def _plainly(sentence: str) -> str:
    """msgspec's sentence without its backquotes, and short."""
    plain = sentence.replace("`", "")
    return (plain[:1].lower() + plain[1:])[:160]

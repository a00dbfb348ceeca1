"""A held signal, changed by hand: what may be changed, what is wrong with it, and what differs. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cosmo_doppler.errors import EditError
from cosmo_doppler.model.differences import Difference
from cosmo_doppler.model.differences import differences as compare
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.payloads import check_payload

Kind = Literal["number", "whole number", "names", "text", "json"]


class EditField(NamedTuple):
    """One value of a payload that a form offers."""

    name: str
    kind: Kind
    text: str
    """What stands there now; empty when the signal does not say it."""


_FIELDS: dict[str, tuple[tuple[str, Kind], ...]] = {
    "BID": (("cost", "number"), ("eta_ms", "whole number"), ("confidence", "number")),
    "TASK_OFFER": (("input", "json"), ("capabilities", "names"), ("deadline_ms", "whole number")),
    "TASK_AWARDED": (("input", "json"),),
    "TASK_DECLINED": (("reason", "text"),),
    "TASK": (("input", "json"), ("capabilities", "names")),
}
_REMEDIES: dict[Kind, str] = {
    "number": "write a number like 0.1, or leave it empty",
    "whole number": "write a whole number like 250, or leave it empty",
    "names": "write names with commas between them",
    "text": "write a text",
    "json": 'write JSON, like {"text": "hello"}',
}


def fields_of(type: str, payload: Mapping[str, Any]) -> list[EditField]:
    """What a form offers of a payload: the fields its type is known by, else all of it as JSON."""
    named = _FIELDS.get(type)
    if named is None:
        return [EditField("payload", "json", _laid_out(payload))]
    return [EditField(name, kind, _written(payload.get(name), kind)) for name, kind in named]


def change(frame: bytes, texts: Mapping[str, str]) -> bytes:
    """A signal with the fields of its form as a person left them.

    What was not touched stays as it is, to the last digit. A field left empty is taken out.

    Args:
        frame: as it is held.
        texts: by the names of `fields_of`.

    Raises:
        EditError: a field cannot be read, or the signal would be none.
    """
    signal = _object(frame)
    payload = signal.setdefault("payload", {})
    offered = {each.name: each for each in fields_of(str(signal.get("type")), payload)}
    for name, text in texts.items():
        field = offered[name]
        if text.strip() == field.text.strip():
            continue
        if name == "payload":
            signal["payload"] = _read(name, "json", text)
        elif text.strip():
            payload[name] = _read(name, field.kind, text)
        else:
            payload.pop(name, None)
    return check(frame, _compact(signal))


def check(before: bytes, after: bytes, *, insist: bool = False) -> bytes:
    """What would go out for a held signal, made compact.

    Args:
        before: as it is held.
        after: as it was edited.
        insist: let it have another id or trace, and a payload that is wrong for its type: agents may drop it.

    Raises:
        EditError: it is no signal at all, or it is wrong and nobody insists.
    """
    edited = _object(after)
    if insist:
        return _compact(edited)
    try:
        signal = Signal.decode(_compact(edited))
    except EnvelopeError as error:
        field = error.field or "the envelope"
        raise EditError(field, f"{str(error).removeprefix(f'{field} ')}; agents would drop it") from None
    held = _object(before, strict=False)
    for name, why in (("id", "replies would not find it"), ("trace_id", "it would leave its workflow")):
        if held.get(name) is not None and edited.get(name) != held[name]:
            raise EditError(name, f"was {held[name]}; with another one {why}. Put it back, or insist")
    for fault in check_payload(signal.type, signal.payload):
        name, _, what = fault.partition(": ")
        raise EditError(name, f"{what or 'wrong'}; {_remedy(str(signal.type), name)}")
    return _compact(edited)


def laid_out(frame: bytes) -> str:
    """A whole signal as indented JSON, for an editor; what is no JSON as the text it is."""
    try:
        return _laid_out(_object(frame))
    except EditError:
        return frame.decode("utf-8", "replace")


def differences(before: bytes, after: bytes) -> list[Difference]:
    """What an edit changes, value by value: `payload.cost`, `0.4`, `0.1`."""
    return compare(_object(before, strict=False), _object(after, strict=False))


# -- inside


def _object(frame: bytes, *, strict: bool = True) -> dict[str, Any]:
    try:
        value = json.loads(frame, parse_constant=_refuse)
    except RecursionError:
        value, reason = None, "it is nested too deep"
    except json.JSONDecodeError as error:
        value, reason = (
            None,
            f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}",
        )
    except ValueError as error:
        value, reason = None, str(error)
    else:
        reason = "it must be an object, { ... }"
    if isinstance(value, dict):
        return value
    if strict:
        raise EditError("the signal", f"is not JSON that can be sent: {reason}")
    return {}


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON value")


def _read(name: str, kind: Kind, text: str) -> Any:
    text = text.strip()
    try:
        if kind == "number":
            return int(text) if text.lstrip("+-").isdigit() else _finite(float(text))
        if kind == "whole number":
            return int(text)
        if kind == "json":
            return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EditError(name, f"{text[:40]!r} cannot be read; {_REMEDIES[kind]}") from None
    if kind == "names":
        return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    return text


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} is no JSON value")
    return number


def _remedy(type: str, name: str) -> str:
    kind = dict(_FIELDS.get(type, ())).get(name)
    return "put it right, or insist" if kind is None else f"{_REMEDIES[kind]}, or insist"


def _written(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind == "names" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _laid_out(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")

"""How records become bytes: msgpack of `{"t": type, "s": schema, "d": fields}`. Never pickle, which would run code.

Fields that this release does not know are kept beside the record and written back with it, so that an older process
loses nothing of what a newer one wrote.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct

from cosmo_sdk.coordination._values import check_json
from cosmo_sdk.coordination.errors import StoreCorruptError

SCHEMA = 1
"""The version of what is written."""

_PLAIN = "json"
_UNKNOWN = "_unknown"

T = TypeVar("T")


class Index(Struct, frozen=True):
    """What a store can find a record by.

    Attributes:
        kind: of record; a scan asks for one kind.
        state: where it stands.
        pool_id: the pool it is for.
        priority: larger comes first.
        seq: its place in the order of submission; `NEXT_SEQ` has the store give it the next one.
        lease_ms: when it runs out, epoch milliseconds; None when it does not.
    """

    kind: str
    state: str | None = None
    pool_id: str | None = None
    priority: int | None = None
    seq: int | None = None
    lease_ms: int | None = None


NEXT_SEQ = -1
"""An `Index.seq` that asks the store for the next number, which it also writes to the record's `seq`."""


class _Type(NamedTuple):
    tag: str
    cls: type[Any]
    fields: frozenset[str]
    found_by: Callable[[Any], Index] | None


_by_tag: dict[str, _Type] = {}
_by_class: dict[type, _Type] = {}


def record(tag: str, found_by: Callable[[Any], Index] | None = None) -> Callable[[type[T]], type[T]]:
    """Make a class one that stores can keep.

    Args:
        tag: its name in the store.
        found_by: what a store finds such a record by; only its kind unless given.
    """

    def register(cls: type[T]) -> type[T]:
        described = (
            dataclasses.fields(cls)
            if dataclasses.is_dataclass(cls)
            else msgspec.structs.fields(cast("Any", cls))
        )
        names = frozenset(field.name for field in described)
        _by_tag[tag] = _by_class[cls] = _Type(tag, cls, names, found_by)
        return cls

    return register


def index_of(value: Any) -> Index:
    """What a store finds this value by."""
    known = _by_class.get(type(value))
    if known is None:
        return Index(_PLAIN)
    return known.found_by(value) if known.found_by is not None else Index(known.tag)


def encode(value: Any) -> bytes:
    """The bytes of a record or of a JSON value.

    Raises:
        TypeError: neither.
        ValueError: JSON cannot say it.
    """
    known = _by_class.get(type(value))
    if known is None:
        return msgspec.msgpack.encode({"t": _PLAIN, "s": SCHEMA, "d": check_json("value", value)})
    unknown = getattr(value, _UNKNOWN, None)
    fields = {**unknown, **msgspec.to_builtins(value)} if unknown else value
    return msgspec.msgpack.encode({"t": known.tag, "s": SCHEMA, "d": fields})


def decode(key: str, data: bytes) -> Any:
    """The record or value of some bytes, fresh each time.

    Raises:
        StoreCorruptError: the bytes are broken, or of a type or schema this release does not know.
    """
    try:
        frame = msgspec.msgpack.decode(data)
        tag, schema, fields = frame["t"], frame["s"], frame["d"]
        if schema > SCHEMA:
            raise StoreCorruptError(key, f"schema {schema} is newer than this release, which knows {SCHEMA}")
        if tag == _PLAIN:
            return fields
        known = _by_tag.get(tag)
        if known is None:
            raise StoreCorruptError(key, f"unknown type {tag!r}")
        value: Any = msgspec.convert(fields, known.cls)
    except (msgspec.MsgspecError, TypeError, KeyError, ValueError) as error:
        if isinstance(error, StoreCorruptError):
            raise
        raise StoreCorruptError(key, str(error)) from error
    if not known.fields.issuperset(fields):
        setattr(value, _UNKNOWN, {name: fields[name] for name in fields.keys() - known.fields})
    return value


def adopt(into: Any, fresh: Any) -> None:
    """Make one record say what another of its type says."""
    known = _by_class[type(into)]
    for name in known.fields:
        setattr(into, name, getattr(fresh, name))


def copied(value: T) -> T:
    """A record that shares nothing with this one."""
    copy: T = decode("a copy", encode(value))
    return copy

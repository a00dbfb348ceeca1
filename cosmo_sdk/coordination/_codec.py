"""How records become bytes: msgpack of `{"t": type, "s": schema, "f": count, "d": fields}`. Never pickle, which would run
code.

Fields that this release does not know are kept beside the record and written back with it, so that an older process
loses nothing of what a newer one wrote. `f` is how many fields the writer knew: with no more than ours nobody has to look
for others, which is most of what reading costs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

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
    read: Callable[[msgspec.Raw], Any]
    read_whole: Callable[[bytes], Any]
    read_many: Callable[[bytes], list[Any]]


class _Frame(Struct):
    t: str
    s: int
    d: msgspec.Raw
    f: int | None = None


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)

_read_frame = msgspec.msgpack.Decoder(_Frame).decode
_read_plain = msgspec.msgpack.Decoder().decode
_write = msgspec.msgpack.Encoder().encode


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
        # Reads nothing but what this release knows whole: other frames are looked at more closely.
        whole = msgspec.defstruct(
            f"_{tag}",
            [
                ("t", Literal[tag]),
                ("s", Annotated[int, Meta(le=SCHEMA)]),
                ("f", Annotated[int, Meta(le=len(names))]),
                ("d", cls),
            ],
        )
        read, read_whole = msgspec.msgpack.Decoder(cls).decode, msgspec.msgpack.Decoder(whole).decode
        read_many = msgspec.msgpack.Decoder(list[whole]).decode  # type: ignore[valid-type]
        _by_tag[tag] = _by_class[cls] = _Type(tag, cls, names, found_by, read, read_whole, read_many)
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
        return _write({"t": _PLAIN, "s": SCHEMA, "d": check_json("value", value)})
    unknown = getattr(value, _UNKNOWN, None)
    if not unknown:
        return _write({"t": known.tag, "s": SCHEMA, "f": len(known.fields), "d": value})
    fields = {**unknown, **msgspec.to_builtins(value)}
    return _write({"t": known.tag, "s": SCHEMA, "f": len(known.fields) + len(unknown), "d": fields})


def decode(key: str, data: bytes, likely: str = "") -> Any:
    """The record or value of some bytes, fresh each time.

    Args:
        key: for the error.
        data: the bytes.
        likely: the type it probably is: then it takes half the time.

    Raises:
        StoreCorruptError: the bytes are broken, or of a type or schema this release does not know.
    """
    guess = _by_tag.get(likely)
    if guess is not None:
        try:
            return guess.read_whole(data).d
        except _UNREADABLE:
            # Something else, newer, or broken: below it is said what.
            pass
    return _decode(key, data)


def decode_many(kind: str, rows: Sequence[tuple[str, bytes, int]]) -> list[Any]:
    """The records of many rows of one kind, read in one go where all are what they should be.

    Raises:
        StoreCorruptError: as `decode`.
    """
    guess = _by_tag.get(kind)
    if guess is not None:
        array = b"\xdd" + len(rows).to_bytes(4, "big")
        try:
            return [whole.d for whole in guess.read_many(array + b"".join([row[1] for row in rows]))]
        except _UNREADABLE:
            pass
    return [decode(key, data, kind) for key, data, _ in rows]


def _decode(key: str, data: bytes) -> Any:
    try:
        frame = _read_frame(data)
        known = _by_tag.get(frame.t)
        if frame.s > SCHEMA:
            raise StoreCorruptError(key, f"schema {frame.s} is newer than this release, which knows {SCHEMA}")
        if known is None:
            if frame.t == _PLAIN:
                return _read_plain(frame.d)
            raise StoreCorruptError(key, f"unknown type {frame.t!r}")
        value = known.read(frame.d)
        if frame.f is None or frame.f > len(known.fields):
            fields = _read_plain(frame.d)
            unknown = {name: fields[name] for name in fields.keys() - known.fields}
            if unknown:
                setattr(value, _UNKNOWN, unknown)
    except _UNREADABLE as error:
        raise StoreCorruptError(key, str(error)) from error
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

"""The Signal: one message of the protocol, and its JSON (PROTOCOL 1).

`Signal.decode` is strict, for agents: a frame that is no Signal raises `EnvelopeError`. Observers use
`cosmo_sdk.header.read_header`, which never raises. Nulls and empty objects are left out on the wire.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import msgspec

from cosmo_sdk.dialects import RESPELLED, modernise, read_odd_json, read_timestamp
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.ids import new_event_id, new_trace_id
from cosmo_sdk.signal_types import ADDRESSED_TYPES, SignalType


class Directed(msgspec.Struct, omit_defaults=True, gc=False):
    """Who a Signal is for, or from (which of the two depends on the type, PROTOCOL 1.6)."""

    id: str | None = None
    """A participant: the addressee of a request, the producer of a reply."""
    type: str | None = None
    """A kind, e.g. of Engram."""
    capabilities: list[str] = msgspec.field(default_factory=list)
    """Informative; routing reads the payload."""

    if TYPE_CHECKING:

        def __copy__(self) -> Self: ...


def directed_to(
    id: str | None = None, *, type: str | None = None, capabilities: list[str] | None = None
) -> Directed:
    """An address, for the factories of `cosmo_sdk.factories`."""
    return Directed(id=id, type=type, capabilities=list(capabilities or ()))


def _version() -> str:
    return "1"


def _now() -> datetime:
    return datetime.now(UTC)


class Signal(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One message between agents.

    Raises:
        EnvelopeError: an id without its prefix, an unknown type, or another major version.
    """

    # A factory, not a default: omit_defaults would leave out what the protocol requires.
    v: str = msgspec.field(default_factory=_version)
    """Protocol version; major 1."""
    id: str = msgspec.field(default_factory=new_event_id)
    """This event, `evt_` and a ULID."""
    trace_id: str = msgspec.field(default_factory=new_trace_id)
    """The workflow it belongs to, `trc_` and a ULID."""
    parent_id: str | None = None
    """The event that caused it."""
    type: SignalType
    """What it says."""
    directed: Directed | None = None
    """Addressee or producer, see `target` and `source`."""
    ts: datetime = msgspec.field(default_factory=_now)
    """When it was sent, UTC."""
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    """What it carries; keys by type (PROTOCOL 2.2)."""
    meta: dict[str, Any] = msgspec.field(default_factory=dict)
    """Annotations without meaning to the protocol."""

    if TYPE_CHECKING:

        def __copy__(self) -> Self: ...

    def __post_init__(self) -> None:
        # What is nearly always so, asked first: this runs for every Signal made or received.
        parent = self.parent_id
        if (
            self.id[:4] == "evt_"
            and self.trace_id[:4] == "trc_"
            and (parent is None or parent[:4] == "evt_")
            and self.v == "1"
            and self.ts.tzinfo is UTC
            and self.type.__class__ is SignalType
        ):
            return
        self._correct()

    def _correct(self) -> None:
        """Mend what can be mended and refuse the rest."""
        if self.type.__class__ is not SignalType:
            # Users of released packages write the name of a type where the type belongs.
            try:
                self.type = SignalType(self.type)
            except ValueError:
                raise EnvelopeError(f"{str(self.type)[:40]!r} is no type of Signal", field="type") from None
        if self.id[:4] != "evt_":
            raise EnvelopeError(f"id {self.id[:40]!r} does not start with 'evt_'", field="id")
        if self.trace_id[:4] != "trc_":
            raise EnvelopeError(
                f"trace_id {self.trace_id[:40]!r} does not start with 'trc_'", field="trace_id"
            )
        if self.parent_id is not None and self.parent_id[:4] != "evt_":
            raise EnvelopeError(
                f"parent_id {self.parent_id[:40]!r} does not start with 'evt_'", field="parent_id"
            )
        if self.v != "1" and self.v.partition(".")[0] != "1":
            raise EnvelopeError(f"v {self.v[:20]!r} is not a 1.x version of the protocol", field="v")
        if self.ts.tzinfo is not UTC:
            self.ts = _in_utc(self.ts)

    @property
    def neuron(self) -> str | None:
        """The participant named by `directed.id`, or None."""
        return None if self.directed is None else self.directed.id

    @property
    def target(self) -> str | None:
        """The addressee, on types that are requests; else None."""
        return self.neuron if self.type in ADDRESSED_TYPES else None

    @property
    def source(self) -> str | None:
        """The producer, on types that are replies or announcements; else None."""
        return None if self.type in ADDRESSED_TYPES else self.neuron

    def reply(
        self,
        type: SignalType,
        payload: dict[str, Any] | None = None,
        directed: Directed | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """A Signal caused by this one: same trace, this id as parent, `directed` kept unless given.

        Args:
            type: of the reply.
            payload: JSON; empty when left out.
            directed: who it names.
            meta: further facts; nothing is taken over.
        """
        return Signal(
            trace_id=self.trace_id,
            parent_id=self.id,
            type=type,
            directed=self.directed if directed is None else directed,
            payload={} if payload is None else payload,
            meta={} if meta is None else meta,
        )

    def encode(self) -> bytes:
        """The compact UTF-8 JSON of this Signal.

        Raises:
            EnvelopeError: the payload or meta holds something JSON cannot carry.
        """
        try:
            return _write(self)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise EnvelopeError(f"{self.type} cannot be written as JSON: {error}", field="payload") from error

    @classmethod
    def decode(cls, frame: bytes | str) -> Signal:
        """Read a Signal, strictly, in any dialect of the protocol.

        Raises:
            EnvelopeError: not JSON, not an object, a field missing or of the wrong type, an unknown type.
        """
        try:
            received = _read(frame)
        except _UNREADABLE:
            return _decode_leniently(frame)
        # The layouts are equal, so this is a change of name: what was received is a Signal like any other.
        received.__class__ = Signal  # type: ignore[assignment]
        if received.directed is None and b'"neuron"' in _as_bytes(frame):
            received.directed = legacy_directed(_any.decode(frame))
        if received.type in RESPELLED:
            modernise(received.type, received.payload)
        return received


class _Received(Signal, kw_only=True, omit_defaults=True):
    """The same fields, but what a sender must write has no default: identity is never invented by a reader."""

    v: str
    id: str
    trace_id: str
    ts: datetime


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; one without a zone is in UTC already (PROTOCOL 1.3)."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise EnvelopeError("ts is before the year 1 or after 9999 in UTC", field="ts") from None


_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(_Received).decode
_any = msgspec.json.Decoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# Either msgspec's "... at `$.field`" and "missing required field `field`", or a sentence of Signal's own.
_FIELD_AT_FAULT = re.compile(r"\$\.(\w+)|field `(\w+)|^(id|trace_id|parent_id|v|ts) ")


def _as_bytes(frame: bytes | str) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace")


def _decode_leniently(frame: bytes | str) -> Signal:
    """Accept what released peers accept beyond strict JSON: odd timestamps, NaN (PROTOCOL 1.3, 1.4).

    Everything else becomes an EnvelopeError that names the field.
    """
    fields = _parse(frame)
    if not isinstance(fields, dict):
        raise EnvelopeError(f"a Signal is a JSON object, not {type(fields).__name__}", frame=_as_bytes(frame))
    timestamp = read_timestamp(fields.get("ts"))
    if timestamp is not None:
        fields["ts"] = timestamp
    if fields.get("directed") is None:
        fields["directed"] = legacy_directed(fields)
    try:
        received = msgspec.convert(fields, _Received)
    except msgspec.ValidationError as error:
        reason = str(error)
        named = _FIELD_AT_FAULT.search(reason)
        raise EnvelopeError(
            reason, field=(named[1] or named[2] or named[3]) if named else "", frame=_as_bytes(frame)
        ) from None
    received.__class__ = Signal  # type: ignore[assignment]
    modernise(received.type, received.payload)
    return received


def _parse(frame: bytes | str) -> Any:
    try:
        return _any.decode(frame)
    except _UNREADABLE as error:
        reason = f"not JSON: {error}"
    try:
        return read_odd_json(frame, halves=False)
    except (ValueError, RecursionError):
        raise EnvelopeError(reason, frame=_as_bytes(frame)) from None


def legacy_directed(fields: Any) -> Directed | None:
    """The address of the oldest dialect: a top-level `neuron`."""
    neuron = fields.get("neuron") if isinstance(fields, dict) else None
    return Directed(id=neuron) if isinstance(neuron, str) else None

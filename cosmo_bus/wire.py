"""The lines of the dev bus: one JSON object each (PROTOCOL 4). No sockets here.

A frame, the text of a Signal, travels as a JSON string inside a line. The server never unpacks it: what a publisher
wrote between its quotes goes out to the subscribers byte for byte.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec

from cosmo_bus.facts import Where

DEFAULT_PORT = 7070

DEFAULT_MAX_LINE = 8 << 20
"""Bytes of one line, without its newline, that our server takes unless told otherwise."""

LEGACY_MAX_RECEIVED = 65_535
"""A client that announced nothing goes deaf for ever on a longer line (PROTOCOL 4.5)."""

LEGACY_MAX_SENT = 65_492
"""Toward a server that announced nothing: its subscribers get a line 44 bytes longer than the one sent."""

ENVELOPE_SLACK = 8_192
"""How much longer than a `pub` the `msg` it causes may be."""

_NOT_ASCII = bytes(range(128, 256))
_ABSENT = msgspec.Raw(b"null")
_QUOTE = ord('"')

_LONG = 2048
"""Frames from this length are escaped by searching for what needs it."""

_SHORT = 512
"""Lines up to about this length are found faster all at once than one by one."""


class Line(msgspec.Struct, gc=False):
    """One line of a client as far as a `pub` goes: nearly all lines are. The frame is left as JSON text."""

    op: str | None = None
    subject: str | None = None
    frame: msgspec.Raw = _ABSENT


class Op(Line, gc=True):
    """One line of a client, with the fields of every op."""

    sub_id: str | None = None
    queue_group: str | None = None
    namespace: str | None = None
    transport: str | None = None
    max_line: int | None = None
    observer: bool = False
    token: str | None = None
    name: str | None = None
    ref: str | None = None
    gate_id: str | None = None
    hold_id: str | None = None
    where: Where | None = None
    n: int | None = None
    max_hold_s: float | None = None
    max_frames: int | None = None
    max_bytes: int | None = None
    rule_id: str | None = None
    fault: Literal["drop", "duplicate", "delay", "reorder"] | None = None
    rate: float | None = None
    seed: int | None = None
    delay_ms: int | None = None


class Message(msgspec.Struct, gc=False):
    """One line of a server as far as a `msg` goes: nearly all lines are."""

    op: str | None = None
    subject: str = ""
    frame: str = ""
    sub_id: str = ""


class Incoming(Message, gc=True):
    """One line of a server, with the fields of every op."""

    message: str = ""
    max_line: int | None = None
    server: str = ""
    auth: str = ""
    ext: list[str] = msgspec.field(default_factory=list)
    ref: str | None = None
    gate_id: str = ""
    hold_id: str = ""
    reason: str = ""
    released: int = 0
    hits: int = 0
    count: int = 0
    rules: msgspec.Raw = _ABSENT
    gates: msgspec.Raw = _ABSENT
    held: msgspec.Raw = _ABSENT


FIELDS: dict[str, tuple[str, ...]] = {
    "hello": ("max_line", "observer", "token", "name"),
    "ping": (),
    "pub": ("subject", "frame"),
    "sub": ("sub_id", "subject", "queue_group"),
    "unsub": ("sub_id",),
    "ns_register": ("namespace", "transport"),
    "mgmt_list": (),
    "mgmt_info": ("namespace",),
    "mgmt_stop": ("namespace",),
    "mgmt_stats": ("ref", "n"),
    "gate_set": ("ref", "gate_id", "subject", "where", "max_hold_s", "max_frames", "max_bytes"),
    "gate_clear": ("ref", "gate_id"),
    "gate_list": ("ref",),
    "gate_show": ("ref", "hold_id"),
    "gate_step": ("ref", "gate_id", "n"),
    "gate_release": ("ref", "hold_id", "frame"),
    "gate_drop": ("ref", "hold_id"),
    "chaos_set": ("ref", "rule_id", "fault", "subject", "where", "rate", "seed", "delay_ms"),
    "chaos_clear": ("ref", "rule_id"),
    "chaos_list": ("ref",),
}
"""The ops of a client, and what each reads."""


class BadLine(ValueError):
    """A line that is no op; the text is what the sender is told."""


_PUB = b'{"op":"pub",'
_MSG = b'{"op":"msg",'
"""How most lines of most clients begin, and of most servers."""

_lines = msgspec.json.Decoder(Line)
_ops = msgspec.json.Decoder(Op)
_messages = msgspec.json.Decoder(Message)
_incoming = msgspec.json.Decoder(Incoming)
_any = msgspec.json.Decoder()
_text = msgspec.json.Decoder(str)
_encode = msgspec.json.encode


def decode_op(line: bytes) -> Line:
    """Read a client's line: an `Op`, or just a `Line` where that says it all.

    Raises:
        BadLine: not JSON, not an object, or a field of the wrong type.
    """
    try:
        # Strings that are passed through unread are not checked by the decoder, and would hurt whoever reads them.
        if not line.isascii():
            line.decode()
        try:
            if line.startswith(_PUB):
                read = _lines.decode(line)
                # A key may be there twice, and then the last one counts.
                if read.op == "pub":
                    return read
            return _ops.decode(line)
        except msgspec.ValidationError:
            return _decode_carefully(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLine(f"bad JSON: {error}") from None
    except RecursionError:
        raise BadLine("bad JSON: nested too deeply") from None


def _decode_carefully(line: bytes) -> Op:
    """Read a line of which some field has an unexpected type: it counts only if the op reads that field."""
    fields = _any.decode(line)
    if not isinstance(fields, dict):
        raise BadLine(f"a line must be a JSON object, not {type(fields).__name__}")
    op = fields.get("op")
    if not isinstance(op, str) or op not in FIELDS:
        raise BadLine(unknown_op(op))
    mine = {name: fields[name] for name in ("op", *FIELDS[op]) if name in fields}
    try:
        return _ops.decode(_encode(mine))
    except msgspec.ValidationError as error:
        raise BadLine(f"{op}: {error}".replace("`$.", "`")) from None


def unknown_op(op: object) -> str:
    """What to say to an op that does not exist."""
    return f"unknown op {repr(op)[:80]}"


def decode_incoming(line: bytes) -> Message:
    """Read a server's line: an `Incoming`, or just a `Message` where that says it all.

    Raises:
        BadLine: not JSON, not an object, or a field of the wrong type.
    """
    try:
        if line.startswith(_MSG):
            read = _messages.decode(line)
            # A key may be there twice, and then the last one counts.
            if read.op == "msg":
                return read
        return _incoming.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from None


def decode_messages(lines: bytes) -> list[Message] | None:
    """Read many lines of a server at once, each with its newline.

    Returns:
        None when any of them is anything but a whole `msg`: then read them one by one.
    """
    try:
        read = _messages.decode_lines(lines)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # Blank lines were passed over, but one by one they are counted.
    if len(read) != lines.count(b"\n") or {each.op for each in read} != {"msg"}:
        return None
    return read


def is_string(raw: msgspec.Raw) -> bool:
    """Whether a raw JSON value is a string."""
    return memoryview(raw)[0] == _QUOTE


def is_absent(raw: msgspec.Raw) -> bool:
    """Whether a raw JSON value is null or was not there."""
    return bytes(raw) == b"null"


def unquote(raw: msgspec.Raw) -> bytes:
    """The frame inside a raw JSON string, as UTF-8."""
    return _text.decode(raw).encode()


def quote(frame: bytes) -> bytes:
    """A frame as a raw JSON string.

    Raises:
        UnicodeDecodeError: the frame is not UTF-8.
    """
    return _encode(frame.decode())


def text_of(raw: msgspec.Raw) -> str:
    """The frame inside a raw JSON string, as text."""
    return unquote(raw).decode("utf-8", "replace")


def line_of(**fields: Any) -> bytes:
    """Any line, fields in the order given."""
    return _encode(fields) + b"\n"


def error_line(message: str) -> bytes:
    """An `err`."""
    return line_of(op="err", message=message)


def pub_lead(subject: str) -> bytes:
    """How the `pub` lines of one subject begin."""
    return b'{"op":"pub","subject":%b,"frame":' % _encode(subject)


def pub_line(lead: bytes, frame: bytes, *, encoded: bool = False) -> bytes:
    """A client's `pub`.

    Args:
        lead: the `pub_lead` of its subject.
        frame: what is published.
        encoded: it comes from a JSON encoder: UTF-8 without control characters. Long ones then take half the time.

    Raises:
        UnicodeDecodeError: the frame is not UTF-8.
    """
    if encoded and len(frame) > _LONG:
        escaped = frame.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        return b"".join((lead, b'"', escaped, b'"}\n'))
    return b"".join((lead, quote(frame), b"}\n"))


def msg_lead(subject: str) -> bytes:
    """How the `msg` lines of one subject begin."""
    return b'{"op":"msg","subject":%b,"frame":' % _encode(subject)


MSG_MIDDLE = b',"sub_id":'
"""Between the frame of a `msg` line and the `msg_tail` of its subscription."""


def msg_tail(sub_id: str) -> bytes:
    """The end of every `msg` line of one subscription."""
    return _encode(sub_id) + b"}\n"


def legacy_length(line: bytes) -> int:
    """The length this line has once a released server wrote it again, in ASCII."""
    if line.isascii():
        return len(line)
    ascii_characters = len(line.translate(None, _NOT_ASCII))
    units = len(line.decode().encode("utf-16-be")) // 2
    return ascii_characters + len("\\uXXXX") * (units - ascii_characters)


class Oversize(msgspec.Struct, frozen=True):
    """Stands in the place of a line that was too long, and is gone."""

    length: int
    """Bytes seen of it."""


def cut(data: bytes) -> list[bytes]:
    """What `data.split(b"\\n")` does, which looks at every byte by itself: that is quick with short lines only."""
    end = data.find(b"\n")
    if end < _SHORT:
        return data.split(b"\n") if end >= 0 else [data]
    parts = []
    begin = 0
    while end >= 0:
        parts.append(data[begin:end])
        begin = end + 1
        end = data.find(b"\n", begin)
    parts.append(data[begin:])
    return parts


class LineReader:
    """Cuts a byte stream into lines. One that exceeds the limit is discarded up to its newline, and reported."""

    def __init__(self, limit: int) -> None:
        """Args: limit: bytes of a line, without its newline."""
        self.limit = limit
        self._pieces: list[bytes] = []
        self._held = 0
        self._discarding = False

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        """Take what arrived, return the lines that are now complete, without their newlines."""
        parts = cut(data)
        rest = parts.pop()
        lines: list[bytes | Oversize] = []
        if parts and self._held:
            lines.append(self._complete(parts.pop(0)))
        if len(data) > self.limit:
            lines.extend(part if len(part) <= self.limit else Oversize(len(part)) for part in parts)
        elif lines:
            lines.extend(parts)
        else:
            lines = cast(list[bytes | Oversize], parts)
        if rest:
            self._hold(rest)
        return lines

    def whole(self, data: bytes) -> bytes | None:
        """Take what arrived as `feed` does, but return the complete lines in one piece, with their newlines.

        Returns:
            None when nothing was taken: no line is complete, or one might be too long. Then `feed` it.
        """
        end = data.rfind(b"\n") + 1
        if not end or self._held + len(data) > self.limit:
            return None
        lines = b"".join((*self._pieces, data[:end]))
        self._pieces = [data[end:]] if end < len(data) else []
        self._held = len(data) - end
        return lines

    def finish(self) -> list[bytes | Oversize]:
        """What was left without a newline when the stream ended: a line like any other."""
        return [self._complete(b"")] if self._held else []

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self.limit:
            self._discarding = True
            self._pieces.clear()
        if not self._discarding:
            self._pieces.append(piece)

    def _complete(self, piece: bytes) -> bytes | Oversize:
        self._hold(piece)
        line: bytes | Oversize = Oversize(self._held) if self._discarding else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        self._discarding = False
        return line

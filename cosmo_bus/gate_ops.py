"""The gate over TCP: its ops, its timer, and what its owner is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import msgspec
from msgspec.structs import replace

from cosmo_bus.errors import GateError
from cosmo_bus.facts import read_facts
from cosmo_bus.gate import Gate, GateEvent, Gatekeeper, GateRule, Held, describe
from cosmo_bus.wire import Op, is_absent, is_string, line_of, quote, unquote

GATE_EXTENSION = "gate"
"""What a bus with gates says under `ext` when it welcomes a client."""


class Asker(Protocol):
    """What the gates know of a session."""

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line."""
        ...


class Gates:
    """The gates of one server.

    Args:
        loop: whose clock limits how long a frame is held.
        deliver: sends a frame to everyone subscribed to its subject.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[str, msgspec.Raw], Any]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._timer: asyncio.TimerHandle | None = None
        self._keeper: Gatekeeper[msgspec.Raw, Asker] = Gatekeeper(
            now=loop.time,
            forward=deliver,
            frame_of=lambda frame: unquote(frame).decode("utf-8", "replace"),
            tell=self._tell,
            show=self._show,
            gone=self._gone,
        )

    def __len__(self) -> int:
        """How many there are. While there are none, nothing is read out of any frame."""
        return len(self._keeper)

    @property
    def held(self) -> int:
        """Frames held now."""
        return sum(len(gate.held) for gate in self._keeper.gates())

    def admit(self, subject: str, frame: msgspec.Raw) -> bool:
        """Whether a frame may pass now. Otherwise it is held."""
        return self._keeper.admit(subject, frame, read_facts(unquote(frame)), len(bytes(frame)))

    def leave(self, session: Asker) -> None:
        """A session ended: its gates fail open."""
        self._keeper.leave(session)

    def handles(self, op: Op) -> bool:
        """Whether that op is one of a gate's."""
        return op.op in self._methods

    def carry_out(self, op: Op, session: Asker) -> None:
        """Do it and answer; an answer repeats the `ref` of what it answers."""
        try:
            answer = self._methods[op.op or ""](self, op, session)
        except GateError as error:
            answer = {"op": "err", "message": str(error)}
        if op.ref is not None:
            answer["ref"] = op.ref
        session.send(line_of(**answer))

    # -- ops

    def _set(self, op: Op, session: Asker) -> dict[str, Any]:
        asked = {
            "subject": op.subject,
            "where": op.where,
            "max_hold_s": op.max_hold_s,
            "max_frames": op.max_frames,
            "max_bytes": op.max_bytes,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        rule = replace(GateRule(op.gate_id or ""), **given)
        self._keeper.set(rule, session)
        self._watch_the_time()
        return {"op": "gate_ok", "gate_id": rule.gate_id}

    def _clear(self, op: Op, session: Asker) -> dict[str, Any]:
        released = self._keeper.clear(op.gate_id or "")
        return {"op": "gate_ok", "gate_id": op.gate_id, "released": released}

    def _list(self, op: Op, session: Asker) -> dict[str, Any]:
        return {"op": "gate_state", **describe(self._keeper.gates(), self._loop.time())}

    def _reveal(self, op: Op, session: Asker) -> dict[str, Any]:
        held = self._keeper.held(op.hold_id or "")
        return {
            "op": "gate_frame",
            "hold_id": held.hold_id,
            "gate_id": held.gate.rule.gate_id,
            "subject": held.subject,
            "frame": held.item,
        }

    def _step(self, op: Op, session: Asker) -> dict[str, Any]:
        frames = 1 if op.n is None else op.n
        if frames < 1:
            raise GateError("gate_step: n must be positive")
        released = self._keeper.step(op.gate_id or "", frames)
        return {"op": "gate_ok", "gate_id": op.gate_id, "released": released}

    def _release(self, op: Op, session: Asker) -> dict[str, Any]:
        edited = None if is_absent(op.frame) else _checked(op.frame)
        self._keeper.release(op.hold_id or "", edited)
        return {"op": "gate_ok", "hold_id": op.hold_id, "released": 1}

    def _drop(self, op: Op, session: Asker) -> dict[str, Any]:
        self._keeper.drop(op.hold_id or "")
        return {"op": "gate_ok", "hold_id": op.hold_id}

    _methods: ClassVar[dict[str, Callable[[Gates, Op, Asker], dict[str, Any]]]] = {
        "gate_set": _set,
        "gate_clear": _clear,
        "gate_list": _list,
        "gate_show": _reveal,
        "gate_step": _step,
        "gate_release": _release,
        "gate_drop": _drop,
    }

    # -- what the gatekeeper reports

    def _tell(self, namespace: str, event: GateEvent) -> None:
        subject = f"_gate.{namespace}" if namespace else "_gate"
        self._deliver(subject, msgspec.Raw(quote(msgspec.json.encode(event))))

    def _show(self, held: Held[msgspec.Raw, Asker]) -> None:
        self._watch_the_time()
        held.gate.owner.send(
            line_of(
                op="gate_held",
                gate_id=held.gate.rule.gate_id,
                hold_id=held.hold_id,
                subject=held.subject,
                frame=held.item,
            )
        )

    def _gone(self, gate: Gate[msgspec.Raw, Asker], reason: str) -> None:
        gate.owner.send(line_of(op="gate_gone", gate_id=gate.rule.gate_id, reason=reason))

    def _watch_the_time(self) -> None:
        """Be there when the oldest frame has been held for long enough. One timer, however many frames."""
        due = self._keeper.next_expiry
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._keeper.expire()
        self._watch_the_time()

    def close(self) -> None:
        """The server ends: everything held goes out first."""
        self._keeper.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _checked(frame: msgspec.Raw) -> msgspec.Raw:
    """An edited frame, which must be the text of a JSON object.

    Raises:
        GateError: it is not.
    """
    if is_string(frame):
        try:
            if isinstance(msgspec.json.decode(unquote(frame)), dict):
                return frame
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise GateError(f"gate_release: the edited frame is not JSON: {error}") from None
    raise GateError("gate_release: frame must be a string, the JSON text of an object")

"""The gate over TCP: its ops, its timer, and what its owner is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from cosmo_bus.errors import GateError
from cosmo_bus.extension import Answer, Asker, Extension
from cosmo_bus.facts import read_facts
from cosmo_bus.gate import Gate, GateEvent, Gatekeeper, GateRule, Held, describe
from cosmo_bus.gate_watch import GateWatch
from cosmo_bus.wire import Op, is_absent, is_string, line_of, quote, text_of, unquote

ON_PURPOSE = ("cleared", "the bus ends")
"""Reasons for which a gate opens because somebody wants it to."""


class GateOps(Extension):
    """The gates of one server.

    Args:
        loop: whose clock limits how long a frame is held.
        deliver: sends a frame to everyone subscribed to its subject.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[str, msgspec.Raw], Any]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._keeper: Gatekeeper[msgspec.Raw, Asker] = Gatekeeper(
            now=loop.time,
            forward=deliver,
            frame_of=text_of,
            tell=self._tell,
            show=self._show,
            gone=self._gone,
        )
        self._watch = GateWatch(self._keeper)
        self._ops: dict[str, Callable[[Op, Asker], Answer]] = {
            "gate_set": self._set,
            "gate_clear": self._clear,
            "gate_list": self._list,
            "gate_show": self._reveal,
            "gate_step": self._step,
            "gate_release": self._release,
            "gate_drop": self._drop,
        }

    @property
    def ops(self) -> Mapping[str, Callable[[Op, Asker], Answer]]:
        """What each op does."""
        return self._ops

    @property
    def standing(self) -> Mapping[str, Gate[msgspec.Raw, Asker]]:
        """The gates by name, kept up to date. While there are none, nothing is read out of any frame."""
        return self._keeper.standing

    @property
    def held(self) -> int:
        """Frames held now."""
        return sum(len(gate.held) for gate in self.standing.values())

    def admit(self, subject: str, frame: msgspec.Raw) -> bool:
        """Whether a frame may pass now. Otherwise it is held."""
        return self._keeper.admit(subject, frame, read_facts(unquote(frame)), len(bytes(frame)))

    def leave(self, session: Asker) -> None:
        """A session ended: its gates fail open."""
        self._keeper.leave(session)

    # -- ops

    def _set(self, op: Op, session: Asker) -> Answer:
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
        self._watch.look()
        session.tell("gate_set", gate=rule.gate_id, subject=rule.subject, **_where(rule))
        return {"op": "gate_ok", "gate_id": rule.gate_id}

    def _clear(self, op: Op, session: Asker) -> Answer:
        released = self._keeper.clear(op.gate_id or "")
        return {"op": "gate_ok", "gate_id": op.gate_id, "released": released}

    def _list(self, op: Op, session: Asker) -> Answer:
        return {"op": "gate_state", **describe(list(self.standing.values()), self._loop.time())}

    def _reveal(self, op: Op, session: Asker) -> Answer:
        held = self._keeper.held(op.hold_id or "")
        return {
            "op": "gate_frame",
            "hold_id": held.hold_id,
            "gate_id": held.gate.rule.gate_id,
            "subject": held.subject,
            "frame": held.item,
        }

    def _step(self, op: Op, session: Asker) -> Answer:
        frames = 1 if op.n is None else op.n
        if frames < 1:
            raise GateError("gate_step: n must be positive")
        released = self._keeper.step(op.gate_id or "", frames)
        return {"op": "gate_ok", "gate_id": op.gate_id, "released": released}

    def _release(self, op: Op, session: Asker) -> Answer:
        edited = None if is_absent(op.frame) else _checked(op.frame)
        self._keeper.release(op.hold_id or "", edited)
        return {"op": "gate_ok", "hold_id": op.hold_id, "released": 1}

    def _drop(self, op: Op, session: Asker) -> Answer:
        self._keeper.drop(op.hold_id or "")
        return {"op": "gate_ok", "hold_id": op.hold_id}

    # -- what the gatekeeper reports

    def _tell(self, namespace: str, event: GateEvent) -> None:
        subject = f"_gate.{namespace}" if namespace else "_gate"
        self._deliver(subject, msgspec.Raw(quote(msgspec.json.encode(event))))

    def _show(self, held: Held[msgspec.Raw, Asker]) -> None:
        self._watch.look()
        held.gate.owner.send(
            line_of(
                op="gate_held",
                gate_id=held.gate.rule.gate_id,
                hold_id=held.hold_id,
                subject=held.subject,
                frame=held.item,
            )
        )

    def _gone(self, gate: Gate[msgspec.Raw, Asker], reason: str, released: int) -> None:
        failed_open = released > 0 and reason not in ON_PURPOSE
        gate.owner.tell(
            "gate_failed_open" if failed_open else "gate_opened",
            logging.WARNING if failed_open else logging.INFO,
            gate=gate.rule.gate_id,
            reason=reason,
            released=released,
        )
        gate.owner.send(line_of(op="gate_gone", gate_id=gate.rule.gate_id, reason=reason))

    def close(self) -> None:
        """The server ends: everything held goes out first."""
        self._keeper.close()
        self._watch.end()


def _where(rule: GateRule) -> dict[str, Any]:
    """What a rule selects besides a subject, as facts for the operator."""
    return {name: value for name, value in msgspec.to_builtins(rule.where).items() if value}


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

"""Frames that are no valid Signals, signals that say that something failed, and what a bus does on purpose."""

from __future__ import annotations

from typing import Any

import msgspec

from cosmo_doppler.model.bus_events import CHAOS
from cosmo_doppler.model.faults import Fault, Severity
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.rules.ground import Ground, Reads, subject_of
from cosmo_doppler.model.traces import Node
from cosmo_doppler.model.wording import say, short_id
from cosmo_sdk.header import Header

_MOST_STREAMS = 4_096
"""Streams of thoughts whose numbers are followed."""

_HIGHEST = 1 << 53

_MOST_FAILED = 4_096
"""Traces of which it is remembered that they failed."""


class _Numbered(msgspec.Struct, gc=False):
    seq: int | None = None


_read_numbered = msgspec.json.Decoder(_Numbered).decode


class _Stream:
    """Thoughts that somebody numbers."""

    __slots__ = ("next",)

    def __init__(self, next: int) -> None:
        self.next = next
        """The number that comes next."""


class FrameRules:
    """Reads each frame by itself."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._thoughts: Recent[tuple[str, str], _Stream] = Recent(_MOST_STREAMS)
        """By parent and producer."""
        self._failed: Recent[str, Fault] = Recent(_MOST_FAILED)
        """The latest ERROR of each trace."""
        self.reads: Reads = {
            "ERROR": self._error,
            "FINAL": self._final,
            "TOOL_RESULT": self._result,
            "RECALLED": self._result,
            "IMPRINTED": self._result,
            "THOUGHT_DELTA": self._thought,
        }

    def malformed(self, seen: Observed, header: Header) -> None:
        """A frame has a problem."""
        unknown = header.problem.startswith("unknown type")
        by = f" from {header.who}" if header.who else ""
        self._ground.book.report(
            Fault(
                "unknown type" if unknown else "malformed",
                "note" if unknown else "warning",
                f"{header.problem}: a frame{by} on {seen.subject}",
                "no agent handles it unless it was written for that type"
                if unknown
                else "the frame as it arrived: agents drop it without a word",
                at=seen.at,
                seq=seen.seq,
                trace_id=header.trace_id,
                who=header.who,
            ),
            # What is quoted in a problem differs from frame to frame, and anybody can make up types.
            ("malformed", header.who, header.problem.split("'", 1)[0]),
        )

    def repeated(self, seen: Observed, header: Header, first: Node | None) -> None:
        """A signal came whose id is known; `first` is the one that has it, where it belongs to a trace."""
        if header.mentions(b"cosmo.passed_on_by"):
            # A host that could not do it gave it to one that can, under the same id.
            return
        if first is None or (first.type == header.type and first.who == header.who):
            fault = Fault(
                "delivered twice",
                "note",
                f"{header.type} {short_id(header.id)} came again: agents run it once",
                "who publishes it twice, or which bus does; “duplicates” in a chaos rule do that",
                at=seen.at,
                seq=seen.seq,
                trace_id=header.trace_id,
                who=header.who,
            )
            self._ground.book.report(fault, ("delivered twice", header.who, header.type))
            return
        fault = Fault(
            "one id twice",
            "warning",
            f"{header.type} of {header.who or 'nobody named'} has the id of a {first.type}: {short_id(header.id)}",
            "both signals: who makes ids that are not unique? Agents drop the second one",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
            who=header.who,
        )
        self._ground.book.report(fault)

    def event(self, seen: Observed, header: Header) -> None:
        """The bus tells of a gate or of a fault made to order."""
        if header.problem:
            return
        told = seen.payload
        happened = say(told.get("event"), 40)
        what = f"{say(told.get('type'), 40)} of trace {short_id(header.trace_id)}"
        if header.type == CHAOS:
            self._chaos(seen, header, happened, what)
        else:
            self._gate(seen, header, happened, what, told)

    def _chaos(self, seen: Observed, header: Header, happened: str, what: str) -> None:
        done = {"drop": "dropped", "duplicate": "doubled", "delay": "delayed", "reorder": "moved"}.get(
            happened
        )
        if done is None:
            return
        fault = Fault(
            "chaos",
            "note",
            f"chaos rule {header.who} {done} a {what}",
            "cosmo chaos list; cosmo chaos clear ends it",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
        )
        self._ground.book.report(fault, ("chaos", header.who, happened))

    def _gate(self, seen: Observed, header: Header, happened: str, what: str, told: dict[str, Any]) -> None:
        severity: Severity = "note"
        if happened in ("edited", "dropped"):
            sentence, key = f"somebody {happened} a held {what}", None
            look = "what went out instead" if happened == "edited" else "whoever waits for it"
        elif happened == "gone":
            reason = say(told.get("reason"), 80)
            sentence, key = f"gate {header.who} is gone, what it held went on: {reason}", ("gate", header.who)
            look = "what was held may have come too late"
            severity = "note" if reason == "cleared" else "warning"
        else:
            return
        fault = Fault("gate", severity, sentence, look, at=seen.at, seq=seen.seq, trace_id=header.trace_id)
        self._ground.book.report(fault, key)

    # -- what failed by its own account

    def _error(self, seen: Observed, header: Header) -> None:
        payload = seen.payload
        may_retry = payload.get("recoverable") is True
        said = ": ".join(
            part for part in (say(payload.get("code"), 60), say(payload.get("message"), 160)) if part
        )
        fault = Fault(
            "failed",
            "warning" if may_retry else "error",
            f"{header.who or 'somebody'} failed: {said or 'it does not say why'}",
            "whether anybody tried again: it says that may help" if may_retry else "the input it was given",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
            who=header.who,
        )
        self._failed.put(header.trace_id, self._ground.book.report(fault))

    def _final(self, seen: Observed, header: Header) -> None:
        failed = self._failed.pop(header.trace_id)
        if failed is not None:
            self._ground.book.came_right(failed, seen.at)

    def _result(self, seen: Observed, header: Header) -> None:
        payload = seen.payload
        if not payload.get("error"):
            return
        name = say(payload.get("tool") or payload.get("engram_id"), 60) or header.who
        kind = "tool failed" if header.type == "TOOL_RESULT" else "memory failed"
        fault = Fault(
            kind,
            "warning",
            f"{name or 'somebody'} failed: {say(payload['error'], 160)}",
            f"what it was asked in {subject_of(self._ground.traces.get(header.trace_id), header.trace_id)}",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
            who=header.who,
        )
        self._ground.book.report(fault)

    def _thought(self, seen: Observed, header: Header) -> None:
        try:
            # Its text is not needed for that, and most signals are thoughts.
            number: object = _read_numbered(header.payload).seq
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            number = seen.payload.get("seq")
        if type(number) is not int or not 0 <= number <= _HIGHEST:
            return
        key = (header.parent_id or header.trace_id, header.who)
        stream = self._thoughts.entries.get(key)
        if stream is None:
            self._thoughts.put(key, _Stream(number + 1))
            return
        expected, stream.next = stream.next, number + 1
        if number <= expected:
            return
        missed = number - expected
        fault = Fault(
            "missed thoughts",
            "warning",
            f"{missed:,} of {header.who or 'somebody'}'s thoughts never came: {number:,} follows {expected - 1:,}",
            "whether the bus or this screen dropped signals: the status line counts those",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
            who=header.who,
        )
        self._ground.book.report(fault, ("missed thoughts", key))

"""Faults on demand over TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from cosmo_bus.chaos import Chaos, ChaosEvent, ChaosRule
from cosmo_bus.extension import Answer, Asker, Extension
from cosmo_bus.facts import read_facts
from cosmo_bus.journal import Journal
from cosmo_bus.wire import Op, quote, text_of, unquote

CHAOS_EXTENSION = "chaos"
"""What a bus that makes faults says under `ext` when it welcomes a client."""


class ChaosOps(Extension):
    """The fault rules of one server.

    Args:
        loop: whose clock delays frames.
        forward: where a frame goes next.
        deliver: sends what is told of a frame to whoever listens.
        journal: tells the operator which rules there are.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        forward: Callable[[str, msgspec.Raw], object],
        deliver: Callable[[str, msgspec.Raw], object],
        journal: Journal,
    ) -> None:
        self._journal = journal
        self._deliver = deliver
        self._chaos: Chaos[msgspec.Raw, Asker] = Chaos(
            call_later=loop.call_later, forward=forward, frame_of=text_of, tell=self._tell
        )
        self._ops: dict[str, Callable[[Op, Asker], Answer]] = {
            "chaos_set": self._set,
            "chaos_clear": self._clear,
            "chaos_list": self._list,
        }

    @property
    def rules(self) -> Mapping[str, object]:
        """The rules by name, kept up to date. While there are none, nothing is read out of any frame."""
        return self._chaos.standing

    @property
    def hits(self) -> int:
        """Messages that met a fault since the bus started."""
        return self._chaos.hits

    @property
    def ops(self) -> Mapping[str, Callable[[Op, Asker], Answer]]:
        """What each op does."""
        return self._ops

    def admit(self, subject: str, frame: msgspec.Raw) -> bool:
        """Whether a frame goes on now."""
        return self._chaos.admit(subject, frame, read_facts(unquote(frame)))

    def leave(self, session: Asker) -> None:
        """A session ended: its rules end."""
        self._chaos.leave(session)

    def close(self) -> None:
        """The server ends: nothing stays behind."""
        self._chaos.close()

    def _set(self, op: Op, session: Asker) -> Answer:
        asked = {
            "fault": op.fault,
            "subject": op.subject,
            "where": op.where,
            "rate": op.rate,
            "seed": op.seed,
            "delay_ms": op.delay_ms,
        }
        given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        rule = replace(ChaosRule(op.rule_id or ""), **given)
        self._chaos.set(rule, session)
        session.tell(
            "chaos_set",
            logging.WARNING,
            rule=rule.rule_id,
            fault=rule.fault,
            rate=rule.rate,
            subject=rule.subject,
        )
        return {"op": "chaos_ok", "rule_id": op.rule_id}

    def _clear(self, op: Op, session: Asker) -> Answer:
        return {"op": "chaos_ok", "rule_id": op.rule_id, "hits": self._chaos.clear(op.rule_id or "")}

    def _list(self, op: Op, session: Asker) -> Answer:
        rules = [
            {
                **{key: value for key, value in msgspec.to_builtins(rule).items() if key != "where"},
                "where": {key: value for key, value in msgspec.to_builtins(rule.where).items() if value},
                "hits": hits,
            }
            for rule, hits in self._chaos.rules()
        ]
        return {"op": "chaos_state", "rules": rules}

    def _tell(self, namespace: str, event: ChaosEvent) -> None:
        if event.event == "cleared":
            self._journal.tell("chaos_cleared", rule=event.rule, faults_in_all=self._chaos.hits)
        subject = f"_chaos.{namespace}" if namespace else "_chaos"
        self._deliver(subject, msgspec.Raw(quote(msgspec.json.encode(event))))

"""Tasks as signals tell of them: who holds which, until when, and what came of it."""

from __future__ import annotations

from typing import Any, ClassVar

from cosmo_doppler.model.coordination.notice import Kind, Notice
from cosmo_doppler.model.coordination.pools import topic_of
from cosmo_doppler.model.coordination.reading import moment, name, names, one_of, told, whole
from cosmo_doppler.model.coordination.thing import Thing

TASK_STATES = ("running", "assigned", "pending", "failed", "completed", "cancelled")
"""In the order in which they are shown: what moves first."""

HELD = ("running", "assigned")
"""States in which somebody has a task."""


class SeenTask(Thing):
    """A piece of work that agents claim."""

    __slots__ = (
        "attempt",
        "claimed_at",
        "holder",
        "lease_ms",
        "lease_s",
        "needs",
        "objective",
        "pool_id",
        "priority",
        "result",
        "topic",
    )

    kind: ClassVar[Kind] = "task"
    first: ClassVar[str] = "pending"
    ended: ClassVar[frozenset[str]] = frozenset({"failed", "completed", "cancelled"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.holder = ""
        """Who has it, or had it when it ended; empty when nobody has."""
        self.attempt = 0
        """How often it was claimed."""
        self.lease_ms: int | None = None
        """When the claim runs out, epoch milliseconds of its store; None when it does not."""
        self.lease_s: float | None = None
        """How long the claim lasts when it is made or prolonged, seconds; None where that is not known."""
        self.claimed_at: float | None = None
        """When the present claim was made, epoch seconds; None when that was not seen."""
        self.priority = 0
        self.pool_id = ""
        self.topic = ""
        self.needs: tuple[str, ...] = ()
        self.objective = ""
        """What is to be done, one line."""
        self.result = ""
        """What came of it, or why it failed, one line."""

    @property
    def held(self) -> bool:
        """Whether somebody has it."""
        return self.state in HELD

    @property
    def title(self) -> str:
        """What it is, and what it is about."""
        about = f": {self.objective}" if self.objective else ""
        return f"{super().title}{about}"

    def take(self, notice: Notice) -> str:
        """It is submitted, claimed, worked on, released, or ends."""
        event, facts = notice.about.event, notice.facts
        self.state = one_of(facts.get("state"), TASK_STATES) or self.state
        if event == "submitted":
            self._describe(facts)
        self._progress(facts)
        if event in ("claimed", "heartbeat"):
            self.lease_s = None if self.lease_ms is None else max(0.0, self.lease_ms / 1000 - notice.sent_at)
        if event == "claimed":
            self.holder, self.claimed_at = notice.who, notice.at
        elif event in ("released", "cancelled"):
            self.holder, self.claimed_at = "", None
        elif event in ("started", "heartbeat"):
            self.holder = notice.who or self.holder
        if "result" in facts:
            self.result = told(facts["result"])
        return self.note(notice)

    def restore(self, notice: Notice) -> None:
        """Where it stands."""
        facts = notice.facts
        self.state = one_of(facts.get("state"), TASK_STATES) or self.state
        self._describe(facts)
        self._progress(facts)
        self.holder = name(facts.get("agent"))
        if not self.held:
            self.claimed_at = None
        self.result = told(facts.get("result"))

    def note(self, notice: Notice) -> str:
        """The attempt, and how long its lease lasts; what came of it."""
        facts = notice.facts
        if "result" in facts:
            return told(facts["result"], 120)
        attempt, lease = whole(facts.get("attempt")), moment(facts.get("lease_ms"))
        parts = [f"attempt {attempt}"] if attempt and notice.about.event in ("claimed", "released") else []
        if lease is not None and notice.about.event in ("claimed", "heartbeat"):
            left = lease / 1000 - notice.sent_at
            parts.append(f"lease {left:.3g} s" if left < 1000 else f"lease {left / 60:.0f} min")
        return ", ".join(parts)

    def _describe(self, facts: dict[str, Any]) -> None:
        self.priority = whole(facts.get("priority")) or 0
        self.pool_id = name(facts.get("pool_id"))
        self.topic = topic_of(facts["topic"]) if facts.get("topic") is not None else ""
        self.needs = names(facts.get("required_capabilities"), 20)
        self.objective = told(facts.get("objective"))

    def _progress(self, facts: dict[str, Any]) -> None:
        attempt = whole(facts.get("attempt"))
        self.attempt = attempt if attempt is not None and attempt >= 0 else self.attempt
        self.lease_ms = moment(facts.get("lease_ms"))

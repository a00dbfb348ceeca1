"""Delegations as signals tell of them: who handed what on to whom, and what ended with what."""

from __future__ import annotations

from typing import Any, ClassVar

from cosmo_doppler.model.coordination.notice import Kind, Notice
from cosmo_doppler.model.coordination.reading import moment, name, names, one_of, whole
from cosmo_doppler.model.coordination.thing import Thing

MOST_SCOPES = 100


class SeenGrant(Thing):
    """Authority that somebody handed on."""

    __slots__ = (
        "delegatee",
        "delegator",
        "denied",
        "depth",
        "ended_by",
        "expires_ms",
        "parent",
        "placed",
        "pooled",
        "scope",
    )

    kind: ClassVar[Kind] = "delegation"
    first: ClassVar[str] = "active"
    ended: ClassVar[frozenset[str]] = frozenset({"revoked", "expired"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.delegator = ""
        self.delegatee = ""
        """Who has it: an agent, or a pool."""
        self.pooled = False
        """Whether a pool has it."""
        self.scope: tuple[str, ...] = ()
        self.parent = ""
        """The id of the delegation it comes from; empty for none."""
        self.depth = 0
        """How often it may be handed on."""
        self.expires_ms: int | None = None
        """From when on it is void, epoch milliseconds."""
        self.ended_by = ""
        """Who revoked it; empty for an administrator, or while it stands."""
        self.placed = False
        """Whether its place below its parent is known."""
        self.denied = 0
        """How often somebody tried to revoke it who may not."""

    def take(self, notice: Notice) -> str:
        """It is given, ends, or somebody may not end it."""
        event = notice.about.event
        self._describe(notice.facts)
        if event == "granted":
            self.state = "active"
        elif event in self.ended:
            self.state, self.ended_by = event, notice.who
        elif event == "denied":
            self.denied += 1
        return self.note(notice)

    def restore(self, notice: Notice) -> None:
        """Where it stands."""
        self._describe(notice.facts)
        self.state = one_of(notice.facts.get("state"), ("active", "revoked", "expired")) or self.state

    def note(self, notice: Notice) -> str:
        """That nobody less than an administrator ended it."""
        return "by an administrator" if notice.about.event == "revoked" and not notice.who else ""

    def _describe(self, facts: dict[str, Any]) -> None:
        self.delegator = name(facts.get("delegator")) or self.delegator
        self.delegatee = name(facts.get("delegatee")) or self.delegatee
        self.pooled = facts.get("type") == "pooled"
        self.scope = names(facts.get("scope"), MOST_SCOPES) or self.scope
        self.parent = name(facts.get("parent")) or self.parent
        self.depth = max(0, whole(facts.get("depth")) or 0)
        self.expires_ms = moment(facts.get("expires_ms"))

"""Pools as signals tell of them: who is in, and who was not let in."""

from __future__ import annotations

from typing import Any, ClassVar

from cosmo_doppler.model.coordination.notice import Kind, Notice
from cosmo_doppler.model.coordination.reading import name, names, table, told, whole
from cosmo_doppler.model.coordination.thing import Thing

MOST_MEMBERS = 2_000
"""Members of a pool that are known by name; its size counts them all."""


class SeenPool(Thing):
    """A group of agents."""

    __slots__ = ("capacity", "members", "mode", "needs", "refused", "size", "topics")

    kind: ClassVar[Kind] = "pool"
    first: ClassVar[str] = "open"
    ended: ClassVar[frozenset[str]] = frozenset({"deleted"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.members: dict[str, float] = {}
        """Who is in, and since when that is known, epoch seconds; by arrival."""
        self.size = 0
        """How many its store says there are."""
        self.mode = ""
        """Who may join: open, closed, allowlist, capability, or the name of a rule."""
        self.needs: tuple[str, ...] = ()
        """What its members must be able to do."""
        self.capacity: int | None = None
        self.topics: tuple[str, ...] = ()
        self.refused = 0
        """How often somebody was not let in."""

    def take(self, notice: Notice) -> str:
        """Somebody joins, leaves or is refused."""
        event, facts, who = notice.about.event, notice.facts, notice.who
        if event == "created":
            self._describe(facts)
        elif event == "joined" and who and len(self.members) < MOST_MEMBERS:
            self.members[who] = notice.at
        elif event in ("left", "expelled"):
            self.members.pop(who, None)
        elif event == "refused":
            self.refused += 1
        elif event == "deleted":
            self.state = "deleted"
            self.members.clear()
        size = whole(facts.get("size"))
        self.size = size if size is not None and size >= 0 else len(self.members)
        return self.note(notice)

    def restore(self, notice: Notice) -> None:
        """Its members, and who may join."""
        facts = notice.facts
        self._describe(facts)
        since = dict(self.members)
        self.members.clear()
        for member in names(facts.get("agents"), MOST_MEMBERS):
            self.members[member] = since.get(member, notice.at)
        size = whole(facts.get("size"))
        self.size = size if size is not None and size >= 0 else len(self.members)

    def note(self, notice: Notice) -> str:
        """Why somebody was refused, or how many there are now."""
        if notice.about.event in ("refused", "expelled"):
            return told(notice.facts.get("reason"), 80)
        size = whole(notice.facts.get("size"))
        return "" if size is None else f"{size} in it"

    def _describe(self, facts: dict[str, Any]) -> None:
        admission = table(facts.get("admission"))
        self.mode = name(admission.get("mode")) or "open"
        if self.mode == "named":
            self.mode = name(admission.get("name")) or self.mode
        self.needs = names(admission.get("required_capabilities"), 20)
        capacity = whole(admission.get("max_agents"))
        self.capacity = capacity if capacity is not None and capacity > 0 else None
        topics = facts.get("topics")
        self.topics = tuple(topic_of(each) for each in (topics if isinstance(topics, list) else [])[:20])


def topic_of(value: Any) -> str:
    """A topic in one line: its namespace, and what narrows it."""
    if not isinstance(value, dict):
        return told(value, 80)
    narrowed = table(value.get("attributes"))
    inner = ",".join(f"{key[:40]}={told(narrowed[key], 40)}" for key in sorted(narrowed)[:6])
    return f"{name(value.get('namespace'))}{f'[{inner}]' if inner else ''}"

"""Which namespaces were announced, by whom, and how much was said in them (PROTOCOL 4.7). Bookkeeping only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from cosmo_bus.errors import NamespaceTaken
from cosmo_bus.router import CACHED_SUBJECTS

Owner = TypeVar("Owner")


def _now() -> datetime:
    return datetime.now(UTC)


class Namespace(Generic[Owner]):
    """One announced namespace."""

    def __init__(self, name: str, transport: str, owner: Owner, started_at: datetime) -> None:
        self.name = name
        self.transport = transport
        self.owner = owner
        self.started_at = started_at
        self.signal_count = 0

    def describe(self) -> dict[str, Any]:
        """The fields of `mgmt_list` and `mgmt_info`."""
        return {
            "namespace": self.name,
            "transport": self.transport,
            "started_at": self.started_at.isoformat(),
            "signal_count": self.signal_count,
        }


class Namespaces(Generic[Owner]):
    """Every announced namespace. Any subject may be used without being announced, and is then not counted."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._by_name: dict[str, Namespace[Owner]] = {}
        self._by_subject: dict[str, Namespace[Owner] | None] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def register(self, name: str, transport: str, owner: Owner) -> Namespace[Owner]:
        """Announce a namespace. Its owner may do so again, and the count starts anew.

        Raises:
            NamespaceTaken: somebody else announced it and is still there.
        """
        known = self._by_name.get(name)
        if known is not None and known.owner is not owner:
            raise NamespaceTaken(name)
        self._by_name[name] = Namespace(name, transport, owner, self._now())
        self._by_subject.clear()
        return self._by_name[name]

    def get(self, name: str | None) -> Namespace[Owner] | None:
        """The namespace of that name, if announced."""
        return None if name is None else self._by_name.get(name)

    def remove(self, name: str) -> None:
        """Forget a namespace."""
        self._by_name.pop(name, None)
        self._by_subject.clear()

    def remove_owner(self, owner: Owner) -> list[str]:
        """Forget everything that owner announced; return what that was."""
        names = [name for name, known in self._by_name.items() if known.owner is owner]
        for name in names:
            self.remove(name)
        return names

    def count(self, subject: str) -> None:
        """Count a published message for the namespace its subject names, if announced."""
        try:
            known = self._by_subject[subject]
        except KeyError:
            known = self._find(subject)
        if known is not None:
            known.signal_count += 1

    def _find(self, subject: str) -> Namespace[Owner] | None:
        """The namespace of a subject, remembered for the next message there."""
        if len(self._by_subject) >= CACHED_SUBJECTS:
            self._by_subject.clear()
        known = self._by_name.get(subject.split(".", 2)[1]) if subject.startswith("cosmonapse.") else None
        self._by_subject[subject] = known
        return known

    def describe(self) -> list[dict[str, Any]]:
        """The answer to `mgmt_list`, in order of announcement."""
        return [known.describe() for known in self._by_name.values()]

"""What a memory is, what it is asked and what it answers (PROTOCOL 8.1)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cosmo_sdk._payload import RecallMode
from cosmo_sdk.envelope import Directed
from cosmo_sdk.errors import CosmoError

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._deferred import DeferredHandlers
    from cosmo_sdk.engram.served import ServedEngram

OVERLOADED = "engram_overloaded"
"""How the error text of a memory that sheds load begins on the wire."""


class EngramError(CosmoError):
    """A memory could not do what it was asked."""


class EngramTimeout(EngramError, TimeoutError):
    """No memory answered before the deadline."""

    recoverable = True


class EngramCancelled(EngramError):
    """The trace ended, or the Dendrite stopped, while a memory was being asked."""


class EngramNotBound(EngramError, ValueError):
    """Nothing says which memory to ask."""


class EngramOverloaded(EngramError):
    """The memory sheds load; asking later may help."""

    recoverable = True


class RollbackIncomplete(EngramError):
    """A memory undid less than the trace wrote.

    Attributes:
        undone: how many writes it did undo.
    """

    def __init__(self, reason: str, undone: int = 0) -> None:
        self.undone = undone
        super().__init__(reason)


@dataclass(frozen=True)
class Hit:
    """One entry a memory found."""

    id: str
    """The entry, `eng_...`."""
    entry: dict[str, Any]
    """id, content, tags, version, created_at, updated_at, and merge_key and meta where there are any."""
    score: float = 1.0
    """How well it fits, 0 to 1."""


class Hits(list[Hit]):
    """What a backend found, best first, and whether there was more."""

    def __init__(self, hits: Iterable[Hit] = (), *, truncated: bool = False) -> None:
        super().__init__(hits)
        self.truncated = truncated
        """Whether `top_k` cut some off."""


@dataclass(frozen=True)
class RecallResult:
    """What the memories that answered a `recall()` know. Empty is false."""

    hits: list[Hit] = field(default_factory=list)
    engram_ids: tuple[str, ...] = ()
    """Who answered, in order of arrival."""
    truncated: bool = False
    """Whether one of them had more."""
    took_ms: int | None = None
    """How long it took the slowest, milliseconds, where they said so."""

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


@dataclass(frozen=True)
class ImprintReceipt:
    """What became of an `imprint()`."""

    engram_id: str
    op: str
    id: str | None = None
    """The entry written or removed; None when there was none to remove."""
    version: int | None = None
    """Its version now."""
    took_ms: int | None = None
    """How long it took, milliseconds."""
    error: str | None = None
    """Why nothing was written."""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.error is None


@dataclass(frozen=True)
class EngramBinding:
    """A name for a memory, with the way to reach it and how to ask it.

    Raises:
        ValueError: neither `directed_id` nor `directed_type` says where it is.
    """

    name: str
    directed_id: str | None = None
    """The memory itself."""
    directed_type: str | None = None
    """Any memory of this kind."""
    default_deadline_ms: int | None = None
    """How long to wait for it, milliseconds."""
    default_recall_mode: RecallMode = "first"
    """Which answers to wait for."""

    def __post_init__(self) -> None:
        if not self.directed_id and not self.directed_type:
            raise ValueError(f"EngramBinding {self.name!r} needs directed_id= or directed_type=")

    def to_directed(self) -> Directed:
        """The address it stands for."""
        return Directed(id=self.directed_id, type=self.directed_type)


class Engram(ABC):
    """A memory that a Dendrite hosts. Write one by giving it identity, `recall` and `imprint`.

    A Dendrite calls `imprint`, `compensate` and `commit` one after the other, in the order the Signals arrived; a
    `recall` sees every write that arrived before it.
    """

    engram_id: str = ""
    """Its address."""
    engram_kind: str = "context"
    """Its kind, the other way to address it."""
    capabilities: list[str] = []  # noqa: RUF012  (replaced by subclasses, changed by nobody)
    """What it announces that it can do."""
    version: str | None = None
    """What it announces as its version."""

    @staticmethod
    def serve(
        *,
        engram_id: str,
        engram_kind: str = "context",
        capabilities: list[str] | None = None,
        version: str | None = None,
    ) -> ServedEngram:
        """A memory made of functions: decorate them with its `on_recall` and `on_imprint`, then attach it.

        Args:
            engram_id: its address.
            engram_kind: its kind.
            capabilities: what it announces.
            version: what it announces.
        """
        # Late: it is built on this class.
        from cosmo_sdk.engram.served import ServedEngram

        return ServedEngram(
            engram_id=engram_id, engram_kind=engram_kind, capabilities=capabilities, version=version
        )

    @cached_property
    def host(self) -> DeferredHandlers:
        """`@engram.host.on_x(...)`: handlers for the Dendrite that hosts it, added there when it starts to."""
        # Late: the Dendrite's modules import this one.
        from cosmo_sdk.dendrite._deferred import DeferredHandlers

        return DeferredHandlers()

    @property
    def keeps_journal(self) -> bool:
        """Whether it can undo what a trace wrote. One that cannot says so at a rollback."""
        return type(self).compensate is not Engram.compensate

    async def connect(self) -> None:  # noqa: B027  (some memories have nothing to do here)
        """Get ready. Called at every start of the host."""

    async def close(self) -> None:  # noqa: B027  (some memories have nothing to do here)
        """Let go of resources, keep the data. Called at every stop of the host."""

    @abstractmethod
    async def recall(
        self,
        query: dict[str, Any],
        *,
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        min_confidence: float | None = None,
    ) -> list[Hit]:
        """Find entries, best first. A `Hits` also says whether there were more.

        Args:
            query: what to look for, in the terms of this memory.
            filters: what to leave out.
            context_ref: where the asker's context lies.
            deadline_ms: how long the asker waits.
            min_confidence: hits that score lower are of no use.

        Raises:
            EngramError: the query cannot be answered; the asker is told why.
        """

    @abstractmethod
    async def imprint(
        self,
        op: str,
        entry: dict[str, Any],
        *,
        merge_key: str | None = None,
        imprint_id: str | None = None,
        trace_id: str | None = None,
    ) -> ImprintReceipt:
        """Write, change or remove an entry (PROTOCOL 8.4).

        Args:
            op: add, append, merge, upsert or delete.
            entry: id, content, tags, meta.
            merge_key: which entry merge and upsert are about.
            imprint_id: names the request: a second one with the same id writes nothing and gets the same receipt.
            trace_id: the workflow, which may be rolled back later.

        Raises:
            EngramOverloaded: ask later.
        """

    def can_serve(self, query: dict[str, Any]) -> bool | Awaitable[bool]:
        """Whether to answer this query at all; when not, the memory stays silent. May be a coroutine function."""
        return True

    async def compensate(self, trace_id: str) -> int:
        """Undo what the trace wrote, latest first.

        Returns:
            How many writes were undone; 0 for a memory that keeps no journal.

        Raises:
            RollbackIncomplete: some writes stay.
        """
        return 0

    async def commit(self, trace_id: str) -> None:  # noqa: B027  (some memories have nothing to do here)
        """The trace ended well: forget how to undo it."""

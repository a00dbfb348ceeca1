"""A memory made of functions: `Engram.serve(...)` and its decorators (PROTOCOL 8.6)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from cosmo_sdk.engram.base import Engram, EngramError, Hit, ImprintReceipt
from cosmo_sdk.hooks import LifecycleHooks

Served = TypeVar("Served", bound=Callable[..., Any])


class _Function:
    """A function, called with those of the offered keywords that it takes."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        parameters = inspect.signature(fn).parameters.values()
        self._any = any(each.kind is each.VAR_KEYWORD for each in parameters)
        self._names = {
            each.name for each in parameters if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)
        }

    async def call(self, *arguments: Any, **offered: Any) -> Any:
        taken = {name: value for name, value in offered.items() if self._any or name in self._names}
        result = self._fn(*arguments, **taken)
        return await result if inspect.isawaitable(result) else result


class ServedEngram(Engram, LifecycleHooks):
    """A memory whose work is done by decorated functions, coroutine functions or plain ones, which must not block.

    Of several functions for the same, the first that returns anything but None has done it. Made by `Engram.serve`.
    """

    def __init__(
        self,
        *,
        engram_id: str,
        engram_kind: str = "context",
        capabilities: list[str] | None = None,
        version: str | None = None,
    ) -> None:
        super().__init__()
        self.engram_id = engram_id
        self.engram_kind = engram_kind
        self.capabilities = list(capabilities or ())
        self.version = version
        self._recalls: list[_Function] = []
        self._imprints: list[_Function] = []
        self._gate: _Function | None = None
        self._compensation: _Function | None = None
        self._commitment: _Function | None = None

    # -- the functions

    def on_recall(self, fn: Served) -> Served:
        """Call `fn(query)` for a RECALL: it returns hits, as `Hit` or as `{"id", "entry", "score"}`, best first.

        It also gets filters, context_ref, deadline_ms and min_confidence, as far as it names them.
        """
        self._recalls.append(_Function(fn))
        return fn

    def on_imprint(self, fn: Served) -> Served:
        """Call `fn(op, entry)` for an IMPRINT: it returns an ImprintReceipt, the id of the entry, or True.

        It also gets merge_key, imprint_id and trace_id, as far as it names them.
        """
        self._imprints.append(_Function(fn))
        return fn

    def serves(self, fn: Served) -> Served:
        """Call `fn(query)` before a RECALL: when it returns something false, the memory stays silent."""
        self._gate = _Function(fn)
        return fn

    def on_compensate(self, fn: Served) -> Served:
        """Call `fn(trace_id)` to undo what a trace wrote: it returns how many writes that were.

        Without one a rollback says that this memory keeps no journal.
        """
        self._compensation = _Function(fn)
        return fn

    def on_commit(self, fn: Served) -> Served:
        """Call `fn(trace_id)` when a trace ended well, so that it need not be undone."""
        self._commitment = _Function(fn)
        return fn

    # -- the memory

    @property
    def keeps_journal(self) -> bool:
        """Whether it can undo what a trace wrote."""
        return self._compensation is not None

    async def connect(self) -> None:
        """Run the `on_connect` hooks and start the schedules."""
        await self._start_hooks()

    async def close(self) -> None:
        """End the schedules."""
        await self._stop_hooks()

    async def can_serve(self, query: dict[str, Any]) -> bool:
        """Whether to answer a query: what `serves` says, else whenever somebody can."""
        return bool(self._recalls) if self._gate is None else bool(await self._gate.call(query))

    async def recall(
        self,
        query: dict[str, Any],
        *,
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        min_confidence: float | None = None,
    ) -> list[Hit]:
        """Ask the functions; nothing found is no error."""
        for function in self._recalls:
            found = await function.call(
                query,
                filters=filters,
                context_ref=context_ref,
                deadline_ms=deadline_ms,
                min_confidence=min_confidence,
            )
            if isinstance(found, list) and all(isinstance(hit, Hit) for hit in found):
                # Kept as it is: a `Hits` also says whether there was more.
                return found
            if found is not None:
                return [_hit(each) for each in found]
        return []

    async def imprint(
        self,
        op: str,
        entry: dict[str, Any],
        *,
        merge_key: str | None = None,
        imprint_id: str | None = None,
        trace_id: str | None = None,
    ) -> ImprintReceipt:
        """Have the functions write."""
        for function in self._imprints:
            done = await function.call(
                op, entry, merge_key=merge_key, imprint_id=imprint_id, trace_id=trace_id
            )
            if isinstance(done, ImprintReceipt):
                return done
            if done is not None:
                return ImprintReceipt(self.engram_id, op, None if done is True else str(done))
        return ImprintReceipt(self.engram_id, op, error=f"nobody here does op {op!r:.40}")

    async def compensate(self, trace_id: str) -> int:
        """Have the function undo what the trace wrote."""
        return 0 if self._compensation is None else int(await self._compensation.call(trace_id) or 0)

    async def commit(self, trace_id: str) -> None:
        """Tell the function that the trace ended well."""
        if self._commitment is not None:
            await self._commitment.call(trace_id)


def _hit(given: Any) -> Hit:
    try:
        return given if isinstance(given, Hit) else msgspec.convert(given, Hit)
    except msgspec.ValidationError as error:
        raise EngramError(f"a hit is neither a Hit nor like one: {error}") from None

"""Why a filter means nothing: which of its conditions no signal meets, each taken by itself."""

from __future__ import annotations

from collections.abc import Callable

from cosmo_doppler.query.ast import And, write
from cosmo_doppler.query.compiler import Filter, compile_filter
from cosmo_doppler.query.hits import Hits
from cosmo_doppler.query.rows import Known
from cosmo_doppler.store import Store

MOST = 8
"""Conditions looked at by themselves; who writes more of them is told less."""


class Unmet:
    """Looks for one signal that meets each condition of a filter, a little at a time.

    Args:
        wanted: a filter that means nothing so far.
        store: where the signals are.
    """

    def __init__(self, wanted: Filter, store: Store) -> None:
        node = wanted.node
        parts = [write(part) for part in node.parts[:MOST]] if isinstance(node, And) else []
        self._parts = [(part, Hits(compile_filter(part), store)) for part in parts]
        self.several = bool(parts)
        """Whether it has more than one condition, so that one of them can be to blame."""
        self.known = False
        """Whether all of them were looked for to the end."""

    @property
    def conditions(self) -> list[str]:
        """Those that nothing meets, as they are written; meaningless before `known`."""
        return [part for part, hits in self._parts if not len(hits)]

    def turn(self, position: int, known: Known, out_of_time: Callable[[], bool]) -> bool:
        """Look at some more signals.

        Args:
            position: how many signals of the store are shown.
            known: what else is known of them.
            out_of_time: asked between slices.

        Returns:
            Whether there is more to look at.
        """
        for _, hits in self._parts:
            if len(hits):
                # One is enough, and a signal that was seen does not go.
                continue

            def enough(hits: Hits = hits) -> bool:
                return bool(len(hits)) or out_of_time()

            more = hits.turn(position, known, enough)
            if more and not len(hits) and out_of_time():
                return True
        self.known = True
        return False

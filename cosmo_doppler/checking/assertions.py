"""What a run is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosmo_doppler.query import Filter, Known, Sieve, compile_filter
from cosmo_doppler.store import Store

_NEVER = "never "
_SLICE = 4096


@dataclass(frozen=True, slots=True)
class Assertion:
    """`EXPR`: every signal matches. `never EXPR`: none does."""

    wanted: Filter
    never: bool

    @classmethod
    def read(cls, text: str, named: Mapping[str, str] | None = None) -> Assertion:
        """Read one.

        Args:
            text: what a person wrote.
            named: saved filters by name.

        Raises:
            QueryError: its expression cannot be meant.
        """
        text = text.strip()
        if text.startswith(_NEVER):
            return cls(compile_filter(text.removeprefix(_NEVER), named), never=True)
        return cls(compile_filter(text, named), never=False)

    @property
    def text(self) -> str:
        """As a person writes it."""
        return f"{_NEVER if self.never else ''}{self.wanted.text}"

    def offenders(self, store: Store, first: int, last: int, known: Known) -> list[int]:
        """The signals from `first` until before `last` that break it, in order."""
        sieve = Sieve(self.wanted, store, known)
        found: list[int] = []
        for begin in range(first, last, _SLICE):
            end = min(begin + _SLICE, last)
            picked = sieve.pick(begin, end)
            if not self.never:
                fine = set(picked)
                picked = [seq for seq in range(begin, end) if seq not in fine]
            found += picked
        return found

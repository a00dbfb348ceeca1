"""What a person supposes about auctions, read from the words they type."""

from __future__ import annotations

import re
from typing import NamedTuple

from cosmo_doppler.model.market.score import Score
from cosmo_doppler.model.market.what_if import Ghost

_TERMS = {"cost": "cost", "eta": "eta_ms", "conf": "confidence", "after": "after_ms"}

GHOST_EXAMPLE = "cost=0.001,eta=300,conf=0.9,after=20"
"""How a bid that never was is written."""

SUPPOSE_HELP = "score EXPR, window MS, ghost cost=0.001,conf=0.9, or clear"
"""What may be typed, in few words."""

_PARTS = re.compile(r",(?=\s*(?:score|window|ghost|clear)\b)")
"""Between two things supposed at once: no bid and no score has a term of such a name."""


class Supposition(NamedTuple):
    """What is tried on every auction."""

    window_ms: float | None = None
    """Another window; None: each auction's own."""
    score: Score | None = None
    ghosts: tuple[Ghost, ...] = ()


def read_ghost(text: str) -> Ghost:
    """A bid that never was: `cost=0.001,eta=300,conf=0.9,after=20`, any of them.

    Raises:
        ValueError: it is no such bid.
    """
    found: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if name not in _TERMS or not equals:
            raise ValueError(f"{part!r} is no term of a bid; write {GHOST_EXAMPLE}")
        try:
            found[_TERMS[name]] = number = float(value)
        except ValueError:
            raise ValueError(f"{value!r} is no number: in {part!r}") from None
        if not 0 <= number < 1e12:
            raise ValueError(f"{part!r}: a bid has no such {name}")
    if not found:
        raise ValueError(f"a bid has at least one term; write {GHOST_EXAMPLE}")
    eta = found.pop("eta_ms", None)
    return Ghost(eta_ms=None if eta is None else round(eta), **found)


def suppose(text: str, now: Supposition) -> Supposition:
    """Change what is supposed: `score conf / cost`, `window 100`, `ghost cost=0.001`, `score` alone to drop it, `clear`.

    Args:
        text: as typed; several of these have commas between them.
        now: what was supposed so far.

    Raises:
        ValueError: it cannot be meant; the message says what can. A score that is none is a ScoreError.
    """
    for part in _PARTS.split(text):
        now = _one(part, now)
    return now


def _one(text: str, now: Supposition) -> Supposition:
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if word == "clear" and not rest:
        return Supposition()
    if word == "score":
        return now._replace(score=Score(rest) if rest else None)
    if word == "ghost":
        return now._replace(ghosts=(read_ghost(rest),) if rest else ())
    if word == "window":
        return now._replace(window_ms=_window(rest) if rest else None)
    raise ValueError(f"{word[:30]!r} is nothing to suppose; write {SUPPOSE_HELP}")


def _window(text: str) -> float:
    try:
        window = float(text.removesuffix("ms"))
    except ValueError:
        window = 0.0
    if not 0 < window < 1e9:
        raise ValueError(f"{text!r} is no window; write milliseconds, as window 100")
    return window

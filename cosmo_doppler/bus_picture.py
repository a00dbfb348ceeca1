"""A bus at a glance: its counts, its namespaces, and the sessions to worry about first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cosmo_doppler.model.wording import format_bytes, format_duration
from cosmo_doppler.tui.safe import cells, pad, safe

FLOWS = ("published", "delivered", "unheard", "skipped", "dropped", "evicted", "lost", "refused", "faults")
"""Counts that only grow, so that a rate can be made of them."""

LEVELS = ("sessions", "subscriptions", "held")
"""Counts of what is there now."""

_WIDE = 104
"""Columns from which a session's name and address are both shown."""


class Line(NamedTuple):
    """One line of the picture, and how loud it is."""

    text: str
    style: str = ""


def rates(now: dict[str, Any], before: dict[str, Any] | None) -> dict[str, float]:
    """What happened a second between two answers of one bus; nothing when it was started again between them.

    Args:
        now: an answer to `mgmt_stats`.
        before: an earlier one.
    """
    if before is None:
        return {}
    elapsed = float(now.get("uptime_s", 0)) - float(before.get("uptime_s", 0))
    if elapsed <= 0:
        return {}
    new, old = now.get("bus", {}), before.get("bus", {})
    return {name: round((new.get(name, 0) - old.get(name, 0)) / elapsed, 1) for name in FLOWS if name in new}


def picture(
    url: str,
    stats: dict[str, Any],
    per_second: dict[str, float] | None,
    *,
    width: int = 80,
    patterns: bool = False,
) -> Iterator[Line]:
    """The lines that show a bus.

    Args:
        url: of the bus.
        stats: an answer to `mgmt_stats`; of a released bus only its namespaces.
        per_second: what `rates` made of two of them; None shows no rates.
        width: columns there are.
        patterns: below each session, what it subscribes to.
    """
    bus: dict[str, Any] = stats.get("bus", {})
    if not bus:
        yield from _namespaces(stats)
        yield Line(f"\n{url} tells no more: it is a bus of another release", "dim")
        return
    levels = "   ".join(f"{name} {bus.get(name, 0):,}" for name in LEVELS)
    yield Line(f"{url}   up {format_duration(float(stats.get('uptime_s', 0)))}   {levels}", "bold")
    yield Line("")
    yield from _flows(bus, per_second, width)
    yield Line("")
    yield from _namespaces(stats)
    yield Line("")
    yield from _sessions(stats, width, patterns=patterns)


def _flows(bus: dict[str, Any], per_second: dict[str, float] | None, width: int) -> Iterator[Line]:
    """The flows side by side: name, total, and how many a second."""
    cells = []
    for name in FLOWS:
        cell = f"{name:<9} {bus.get(name, 0):>13,}"
        if per_second is not None:
            cell += f" {per_second[name]:>9,.0f}/s" if name in per_second else " " * 12
        cells.append(cell)
    abreast = max(1, min(3, (width + 3) // (len(cells[0]) + 3)))
    for first in range(0, len(cells), abreast):
        yield Line("   ".join(cells[first : first + abreast]).rstrip())


def _namespaces(stats: dict[str, Any]) -> Iterator[Line]:
    widths = (20, 12, -10, 32)
    yield Line(_row(widths, "Namespace", "Transport", "Signals", "Started"), "bold")
    keys = ("namespace", "transport", "signal_count", "started_at")
    for known in stats.get("namespaces", []):
        yield Line(_row(widths, *(known.get(key, "") for key in keys)))


def _sessions(stats: dict[str, Any], width: int, *, patterns: bool) -> Iterator[Line]:
    wide = width >= _WIDE
    widths = (*((24, 21) if wide else (24,)), -5, -9, -9, -9, 12)
    heads = ("Session", "Address") if wide else ("Session",)
    yield Line(_row(widths, *heads, "Subs", "Waiting", "Bytes", "Dropped", "When slow"), "bold")
    told = stats.get("sessions", [])
    for each in told:
        name, address = str(each.get("name", "")), str(each.get("address", ""))
        who = (name or "-", address) if wide else (name or address,)
        waiting, dropped = int(each.get("waiting_lines", 0)), int(each.get("dropped", 0))
        yield Line(
            _row(
                widths,
                *who,
                f"{each.get('subscriptions', 0):,}",
                f"{waiting:,}",
                f"{format_bytes(int(each.get('waiting_bytes', 0)))}",
                f"{dropped:,}",
                each.get("policy", ""),
            ),
            "yellow" if waiting or dropped or not each.get("reading", True) else "",
        )
        if patterns:
            yield from _patterns(each, width)
    untold = int(stats.get("bus", {}).get("sessions", 0)) - len(told)
    if untold > 0:
        yield Line(f"and {untold:,} more that hold back less", "dim")


def _patterns(session: dict[str, Any], width: int) -> Iterator[Line]:
    """What a session subscribes to, by what the subjects have in common; a bus that does not tell is passed over."""
    told = session.get("patterns", [])
    last_of: dict[str, list[str]] = {}
    for each in told:
        beginning, dot, last = safe(str(each.get("subject", "")), 200).rpartition(".")
        group = each.get("queue_group")
        shared = f" (group {safe(str(group), 200)})" if group else ""
        last_of.setdefault(beginning + dot, []).append(last + shared)
    for beginning, lasts in last_of.items():
        words = [f"{beginning}{lasts[0]}"] if len(lasts) == 1 else [f"{beginning} ", *lasts]
        yield from _wrapped(words, width)
    untold = int(session.get("subscriptions", 0)) - len(told)
    if told and untold > 0:
        yield Line(f"  and {untold:,} more", "dim")


def _wrapped(words: list[str], width: int) -> Iterator[Line]:
    line = " "
    for word in words:
        if line.strip() and cells(line) + 1 + cells(word) > width:
            yield Line(line, "dim")
            line = "   "
        line = f"{line} {word}"
    yield Line(line, "dim")


def _row(widths: tuple[int, ...], *cells: object) -> str:
    """Cells in their columns; those of negative width stand at the right edge."""
    padded = [
        pad(safe(str(cell), 200), abs(width), right=width < 0)
        for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()

"""Tables of plain text: columns, and figures of a market in the same few ways everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cosmo_doppler.tui.safe import pad

NONE = "-"
"""What stands where there is no figure."""


class Col(NamedTuple):
    """A column of a table of text."""

    title: str
    width: int
    """0 for the last one, which is as wide as it needs."""
    right: bool = False


def line(columns: Sequence[Col], cells: Iterable[str]) -> str:
    """One row."""
    placed = [
        pad(cell, column.width, right=column.right) if column.width else cell
        for column, cell in zip(columns, cells, strict=True)
    ]
    return "  ".join(placed).rstrip()


def heading(columns: Sequence[Col]) -> str:
    """The row of titles."""
    return line(columns, [column.title for column in columns])


def price(value: float | None) -> str:
    """A price with four decimals, more where they are needed."""
    if value is None:
        return NONE
    return f"{value:.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.3g}"


def milliseconds(value: float | None) -> str:
    """A span in milliseconds."""
    return NONE if value is None else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def share(value: float | None, *, signed: bool = False) -> str:
    """A part of one, in per cent."""
    return NONE if value is None else f"{value:+.0%}" if signed else f"{value:.0%}"


def plain(value: float | None) -> str:
    """Any figure, four significant digits."""
    return NONE if value is None else f"{value:.4g}"

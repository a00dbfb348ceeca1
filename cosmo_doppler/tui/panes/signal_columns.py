"""Which columns the list of signals has: the usual ones, or those a person chose, any field of the filter language among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.cells import cell_len

from cosmo_doppler.errors import SettingError
from cosmo_doppler.model.wording import finite, say
from cosmo_doppler.query.errors import suggestion
from cosmo_doppler.query.fields import FIELDS, PATHS, Field, find_field
from cosmo_doppler.query.rows import Row
from cosmo_doppler.query.values import Kind
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.widgets.columns import Column, Columns

MOST = 24
"""Columns of one list."""

_WIDEST = 32
"""Cells of a column that is as wide as what stands in it."""

USUAL: tuple[Column, ...] = (
    Column("time", "time", 12, needs=60),
    Column("type", "signal", 20),
    Column("who", "who", 14, middle=True),
    Column("trace", "trace", 8, needs=84),
    Column("says", "says", 0),
    Column("number", "number", 9, right=True, needs=100),
)
"""What the list has when nobody says."""

_OWN = {column.name: column for column in USUAL}
_MEASURED = ("type", "who")
"""Of the usual columns, those that are as wide as what stands in them once a person chose."""

_ON_THE_RIGHT: frozenset[Kind] = frozenset({"number", "seconds", "bytes", "time"})


class Chosen:
    """The columns of the list, and how wide each has to be for what was seen in it.

    Args:
        names: of the columns, in their order; empty for the usual ones.

    Raises:
        SettingError: there is no such column, or one twice.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = tuple(names) or tuple(_OWN)
        self._fields = {name: _field(name) for name in self.names if name not in _OWN}
        if len(set(self.names)) < len(self.names) or len(self.names) > MOST:
            raise SettingError(f"name each column once, and at most {MOST}")
        self.moving = any(field.folded for field in self._fields.values())
        """Whether a cell may change after it was drawn."""
        self._usual = not names
        measured = [] if self._usual else [name for name in self.names if name in _MEASURED]
        self._widths = {name: cell_len(_OWN[name].title) for name in measured}
        self._widths |= {name: cell_len(_title(name)) for name in self._fields}
        self._columns = self._laid_out()

    @property
    def columns(self) -> Columns:
        """How a line is laid out now."""
        return self._columns

    @property
    def measured(self) -> bool:
        """Whether widths depend on what is seen."""
        return bool(self._widths)

    def shape(self) -> object:
        """Another one when a column got wider."""
        return tuple(self._widths.values())

    def fields(self, row: Row) -> dict[str, str]:
        """What stands in the columns that are fields. One that is too narrow for it gets wider."""
        texts = {name: _shown(field, field.read(row)) for name, field in self._fields.items()}
        own = {"type": _longest_type(row), "who": safe(row.who, 80)}
        wider = False
        for name, width in self._widths.items():
            most = _OWN[name].width if name in _OWN else _WIDEST
            wanted = min(most, cell_len(texts[name] if name in texts else own[name]))
            if wanted > width:
                self._widths[name], wider = wanted, True
        if wider:
            self._columns = self._laid_out()
        return texts

    def _laid_out(self) -> Columns:
        if self._usual:
            return Columns(*USUAL)
        return Columns(*map(self._column, self.names))

    def _column(self, name: str) -> Column:
        if name == "says":
            return Column(name, "says", 0, least=24)
        if name in _OWN:
            return _OWN[name]._replace(needs=0, width=self._widths.get(name, _OWN[name].width))
        right = self._fields[name].kind in _ON_THE_RIGHT
        return Column(name, _title(name), self._widths[name], right=right)


def known_columns() -> list[str]:
    """Names of all columns; `payload.` and `meta.` begin those that are paths."""
    return [*_OWN, *(name for name in FIELDS if name not in _OWN), *PATHS]


def split_names(text: str) -> tuple[str, ...]:
    """Names as people write them, with commas between: `type, who, payload.cost`."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _longest_type(row: Row) -> str:
    return f"malformed {safe(row.type, 40)}" if row.header.problem else safe(row.type, 40)


def _title(name: str) -> str:
    """Of a path its last name is enough."""
    return safe(name.rpartition(".")[2], _WIDEST)


def _field(name: str) -> Field:
    field = find_field(name)
    if field is None or name in PATHS or name.endswith(".") or not name.isprintable():
        hint = suggestion(name, known_columns()) or f"; there are {', '.join(known_columns())}"
        raise SettingError(f"there is no column {name[:40]!r}{hint}")
    return field


def _shown(field: Field, value: Any) -> str:
    """A value in the few words a cell has room for, safe for a terminal."""
    if value is None or value == "":
        return ""
    in_words, number = _NUMBERS.get(field.kind), finite(value)
    if in_words is not None and number is not None:
        return in_words(number)
    if field.kind == "truth":
        return "yes" if value is True else ""
    if field.kind == "id":
        return short_id(str(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return safe(", ".join(value[:50]), 200)
    return safe(say(value), 400)


def _seconds(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    return f"{sign}{words.joined(words.duration(abs(seconds)))}"


_NUMBERS: dict[Kind, Callable[[float], str]] = {
    "number": lambda number: f"{number:,.6g}",
    "seconds": _seconds,
    "bytes": lambda number: words.size(int(number)),
    "time": words.time_of_day,
}

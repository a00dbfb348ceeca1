"""What a person arranged, kept from one run to the next: panes per view and size of the terminal, columns, filters; and which
buses were watched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from cosmo_doppler.tui.arrangement import USUAL, Arrangement
from cosmo_doppler.tui.layout import Pane, SizeClass, View

_Section = Literal["arrangements", "columns", "filters", "buses"]

MOST_BUSES = 8
"""Buses kept, those that were watched last."""


class _Kept(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the file says."""

    arrangements: dict[str, Arrangement] = {}
    columns: dict[str, tuple[str, ...]] = {}
    filters: dict[str, str] = {}
    buses: dict[str, float] = {}
    """When each was watched last, epoch seconds, by its URL, a space, and the namespace."""

    def put(self, section: _Section, name: str, value: Any) -> None:
        """Set an entry; None takes it away."""
        entries: dict[str, Any] = getattr(self, section)
        if value is None:
            entries.pop(name, None)
        else:
            entries[name] = value


class Remembered:
    """All that is kept. Never raises: what is wrong with the file is a `problem`.

    Args:
        path: the file; None to keep nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.problem = ""
        """What is wrong with the file, in a sentence."""
        self._path = path
        self._kept = self._read()
        self._changed: dict[tuple[_Section, str], Any] = {}

    def of(self, view: View, size: SizeClass) -> Arrangement:
        """The arrangement of a view."""
        return self._kept.arrangements.get(_name(view, size), USUAL)

    def put(self, view: View, size: SizeClass, arrangement: Arrangement) -> None:
        """Arrange a view; the usual arrangement is none."""
        self._put("arrangements", _name(view, size), None if arrangement == USUAL else arrangement)

    @property
    def filters(self) -> Mapping[str, str]:
        """Expressions by the names they were kept under."""
        return self._kept.filters

    def keep_filter(self, name: str, text: str) -> None:
        """Keep an expression under a name from now on; an empty one is kept no longer."""
        self._put("filters", name, text or None)
        self.save()

    @property
    def buses(self) -> list[tuple[str, str]]:
        """URL and namespace of buses that were watched, the latest first."""
        latest = sorted(self._kept.buses, key=lambda name: -self._kept.buses[name])
        return [(url, namespace) for url, _, namespace in (name.partition(" ") for name in latest)]

    def keep_bus(self, url: str, namespace: str, at: float) -> None:
        """A bus is watched; the URL holds no password."""
        self._put("buses", f"{url} {namespace}", at)
        for old_url, old_namespace in self.buses[MOST_BUSES:]:
            self._put("buses", f"{old_url} {old_namespace}", None)

    def columns(self, pane: Pane) -> tuple[str, ...]:
        """The columns of a list, by their names; empty for the usual ones."""
        return self._kept.columns.get(pane, ())

    def put_columns(self, pane: Pane, names: tuple[str, ...]) -> None:
        """Give a list other columns; none means the usual ones."""
        self._put("columns", pane, names or None)

    def _put(self, section: _Section, name: str, value: Any) -> None:
        self._kept.put(section, name, value)
        self._changed[section, name] = value

    def save(self) -> None:
        """Write what was changed in this run over what the file says by now, which another run may have changed."""
        if self._path is None or not self._changed:
            return
        kept = self._read()
        for (section, name), value in self._changed.items():
            kept.put(section, name, value)
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
            beside.replace(self._path)
        except OSError as error:
            self.problem = f"{self._path}: the layout cannot be kept ({error.strerror or error})"
        else:
            self._changed.clear()
            self.problem = ""

    def _read(self) -> _Kept:
        if self._path is None:
            return _Kept()
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return _Kept()
        except OSError as error:
            self.problem = f"{self._path}: cannot be read ({error.strerror or error}); panes stand as usual"
        except msgspec.MsgspecError as error:
            self.problem = f"{self._path}: is no layout of Doppler's ({error}); panes stand as usual"
        return _Kept()


def _name(view: View, size: SizeClass) -> str:
    return f"{view} {size}"

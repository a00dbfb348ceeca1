"""How a person arranged the panes, kept from one run to the next: per view, and per size of the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs

from cosmo_doppler.tui.arrangement import USUAL, Arrangement
from cosmo_doppler.tui.layout import SizeClass, View

STATE_VARIABLE = "COSMO_STATE"
"""Environment variable: the file to keep this in; `none` keeps nothing."""

_NOTHING = "none"


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """What the file says."""

    arrangements: dict[str, Arrangement] = {}


def state_path() -> Path | None:
    """Where the file is: `COSMO_STATE`, else in the platform's place for state. None when nothing is to be kept."""
    named = os.environ.get(STATE_VARIABLE)
    if named == _NOTHING:
        return None
    return Path(named) if named else Path(platformdirs.user_state_dir("cosmo")) / "doppler.json"


class Remembered:
    """The arrangements of all views. Never raises: what is wrong with the file is a `problem`.

    Args:
        path: the file; None to keep nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.problem = ""
        """What is wrong with the file, in a sentence."""
        self._path = path
        self._kept = self._read()
        self._changed: dict[str, Arrangement | None] = {}

    def of(self, view: View, size: SizeClass) -> Arrangement:
        """The arrangement of a view."""
        return self._kept.get(_name(view, size), USUAL)

    def put(self, view: View, size: SizeClass, arrangement: Arrangement) -> None:
        """Arrange a view; the usual arrangement is none."""
        name = _name(view, size)
        if arrangement == USUAL:
            self._kept.pop(name, None)
            self._changed[name] = None
        else:
            self._kept[name] = self._changed[name] = arrangement

    def save(self) -> None:
        """Write what was changed in this run over what the file says by now, which another run may have changed."""
        if self._path is None or not self._changed:
            return
        kept = self._read()
        for name, arrangement in self._changed.items():
            if arrangement is None:
                kept.pop(name, None)
            else:
                kept[name] = arrangement
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(_Kept(kept))))
            beside.replace(self._path)
        except OSError as error:
            self.problem = f"{self._path}: the layout cannot be kept ({error.strerror or error})"
        else:
            self._changed.clear()
            self.problem = ""

    def _read(self) -> dict[str, Arrangement]:
        if self._path is None:
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept).arrangements
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.problem = f"{self._path}: cannot be read ({error.strerror or error}); panes stand as usual"
        except msgspec.MsgspecError as error:
            self.problem = f"{self._path}: is no layout of Doppler's ({error}); panes stand as usual"
        return {}


def _name(view: View, size: SizeClass) -> str:
    return f"{view} {size}"

"""Keys a person moved elsewhere, laid over the action table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from textual.keys import key_to_character

from cosmo_doppler.tui.actions import ACTIONS, Action


class KeymapError(ValueError):
    """A keymap that cannot be used; the message names the action and what to write instead."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Keymap:
    """Which keys do what: the table's own, unless moved.

    Args:
        moved: action id to Textual key names, separated by commas; an empty string takes the keys away.

    Raises:
        KeymapError: an id that is no action's, or one key for two actions that could both hear it.
    """

    def __init__(self, moved: Mapping[str, str] | None = None) -> None:
        self._moved = {} if moved is None else {name: _tidy(keys) for name, keys in moved.items()}
        _refuse_unknown(self._moved)
        self._refuse_shared()

    def keys(self, entry: Action) -> tuple[str, ...]:
        """Textual's names of the keys of an action."""
        return tuple(key for key in self._moved.get(entry.id, entry.keys).split(",") if key)

    def shown(self, entry: Action) -> str:
        """The keys as footer and help show them."""
        if entry.id not in self._moved:
            return entry.shown
        return " ".join(key_to_character(key) or key for key in self.keys(entry))

    def for_textual(self) -> dict[str, str]:
        """What `App.set_keymap` takes: only what was moved."""
        # Textual ignores an empty string; a key that no terminal sends takes the others away.
        return {name: keys or "none" for name, keys in self._moved.items()}

    def _refuse_shared(self) -> None:
        owners: dict[str, Action] = {}
        for entry in sorted(ACTIONS, key=lambda entry: entry.id in self._moved):
            for key in self.keys(entry):
                other = owners.setdefault(key, entry)
                if other is not entry and entry.id in self._moved:
                    raise KeymapError(
                        entry.id,
                        f"{key!r} is the key of {other.id!r} already: give that one another key, or none",
                    )


def _tidy(keys: str) -> str:
    return ",".join(part.strip() for part in keys.split(",") if part.strip())


def _refuse_unknown(moved: Mapping[str, str]) -> None:
    known = [entry.id for entry in ACTIONS]
    for name in moved:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the actions are {', '.join(sorted(known))}"
            raise KeymapError(name, f"there is no action {name!r}; {hint}")

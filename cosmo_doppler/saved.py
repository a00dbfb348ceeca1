"""Filters saved under a name: those of `doppler.toml`, and those kept from the screen between runs."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs

from cosmo_doppler.config import read_config
from cosmo_doppler.errors import ConfigError

STATE_VARIABLE = "COSMO_STATE"
"""Environment variable: the file in which the screen keeps what a person arranged; `none` keeps nothing."""

_NOTHING = "none"


def state_path() -> Path | None:
    """Where that file is: `COSMO_STATE`, else in the platform's place for state. None when nothing is to be kept."""
    named = os.environ.get(STATE_VARIABLE)
    if named == _NOTHING:
        return None
    return Path(named) if named else Path(platformdirs.user_state_dir("cosmo")) / "doppler.json"


class _Kept(msgspec.Struct):
    """The part of that file which commands read, too; the rest is the screen's (`tui/remembered.py`)."""

    filters: dict[str, str] = {}


def saved_filters() -> dict[str, str]:
    """Expressions by name. What the config file says counts more than what was kept.

    Raises:
        ConfigError: one of the two files cannot be used.
    """
    return {**_kept_filters(state_path()), **read_config().filters}


def filters_for(text: str) -> dict[str, str]:
    """The same for an expression: no file is read where no name is used.

    Raises:
        ConfigError: as `saved_filters` does.
    """
    return saved_filters() if "$" in text else {}


def _kept_filters(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept).filters
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"{path}: holds no filters of Doppler's ({error}); mend it, or set {STATE_VARIABLE} to another file"
        ) from None

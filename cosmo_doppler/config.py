"""`doppler.toml`: how a person likes Doppler. Every line may be left out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from cosmo_doppler.errors import ConfigError

CONFIG_VARIABLE = "COSMO_CONFIG"
"""Environment variable: the config file to read instead of the usual one."""

ThemeName = Literal["dark", "light", "contrast"]

LOCAL_FPS = 30
REMOTE_FPS = 10
"""Over ssh it is output that one feels, not computing."""


AlertDeed = Literal["bell", "notify", "mark", "exec"]


class Alert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done when a signal arrives that an expression means."""

    when: str
    """In the filter language."""
    do: tuple[AlertDeed, ...] = ("notify",)


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says, and the defaults for what it does not."""

    theme: ThemeName = "dark"
    ascii: bool = False
    """Draw with ASCII only."""
    fps: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    """Looks at the bus per second. Unset: 30, or 10 over ssh."""
    mouse: bool = True
    """Without it the terminal selects text as it always does."""
    redact: list[str] = []
    """Paths into payloads whose values Doppler neither shows nor writes."""
    keys: dict[str, str] = {}
    """Action id to key names, separated by commas."""
    filters: dict[str, str] = {}
    """Expressions by name, to be used as `$name` wherever an expression may stand."""
    alert: list[Alert] = []
    """What a person wants to be told of a live bus."""

    @property
    def frame_rate(self) -> int:
        """Looks per second, decided."""
        return self.fps or (REMOTE_FPS if os.environ.get("SSH_CONNECTION") else LOCAL_FPS)


def config_path() -> Path:
    """Where the file is: `COSMO_CONFIG`, else `doppler.toml` in the platform's place for `cosmo`."""
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_config_dir("cosmo")) / "doppler.toml"


def read_config(path: Path | None = None) -> Config:
    """Read the file; one that is not there means the defaults, unless it was asked for by name.

    Args:
        path: the file; None for the usual one.

    Raises:
        ConfigError: it cannot be read or says something that makes no sense.
    """
    asked = path is not None or bool(os.environ.get(CONFIG_VARIABLE))
    path = path or config_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if asked:
            raise ConfigError(f"{path}: there is no such file; name another, or none") from None
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """The same from text; `path` is for the errors."""
    try:
        config = msgspec.toml.decode(text, type=Config)
    except msgspec.ValidationError as error:
        field = _field_of(str(error))
        raise error_at(path, text, field, _reason(str(error))) from None
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from None
    return config


def error_at(path: Path, text: str, field: str, reason: str) -> ConfigError:
    """An error that names the line a field stands on."""
    name = re.escape(field.partition("[")[0].rpartition(".")[2])
    pattern = re.compile(rf'^[ \t]*(\[\[?{name}\]\]?|"?{name}"?[ \t]*=)', re.MULTILINE)
    found = pattern.search(text) if name else None
    line = f":{text.count(chr(10), 0, found.start()) + 1}" if found else ""
    return ConfigError(f"{path}{line}: {field + ': ' if field else ''}{reason}")


def _field_of(message: str) -> str:
    """The field of a complaint of msgspec, which ends in ``- at `$.keys` `` or names what it does not know."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    place = re.search(r"at `\$\.?([^`]*)`$", message)
    return unknown.group(1) if unknown else place.group(1) if place else ""


def _reason(message: str) -> str:
    if "unknown field" in message:
        return f"there is no such setting; there are {', '.join(Config.__struct_fields__)}"
    return message.partition(" - at `")[0][:1].lower() + message.partition(" - at `")[0][1:]


def as_toml(config: Config) -> str:
    """The settings as a file would say them, each with its default filled in."""
    lines = [
        f"theme = {_quoted(config.theme)}",
        f"ascii = {str(config.ascii).lower()}",
        f"fps = {config.frame_rate}",
        f"mouse = {str(config.mouse).lower()}",
        f"redact = [{', '.join(map(_quoted, config.redact))}]",
        "",
        "[keys]",
        *(f"{_quoted(name)} = {_quoted(keys)}" for name, keys in sorted(config.keys.items())),
    ]
    if config.filters:
        lines += ["", "[filters]"]
        lines += [f"{_quoted(name)} = {_quoted(text)}" for name, text in sorted(config.filters.items())]
    for alert in config.alert:
        deeds = ", ".join(map(_quoted, alert.do))
        lines += ["", "[[alert]]", f"when = {_quoted(alert.when)}", f"do = [{deeds}]"]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    # A JSON string of printable text is a TOML string too.
    return msgspec.json.encode(text).decode()

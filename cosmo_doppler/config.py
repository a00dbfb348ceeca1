"""`doppler.toml`: how a person likes Doppler. Every line may be left out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs

from cosmo_doppler.errors import ConfigError
from cosmo_doppler.offers import Composed, Template, escape_json, read_input

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
    columns: dict[Literal["signals"], list[str]] = {}
    """What a list shows: `signals = ["time", "type", "payload.cost", "says"]`."""
    filters: dict[str, str] = {}
    """Expressions by name, to be used as `$name` wherever an expression may stand."""
    alert: list[Alert] = []
    """What a person wants to be told of a live bus."""
    offer: list[Template] = []
    """Offers and tasks to begin with, by name. Their `input` is a table, or the JSON as text."""

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
    """The same from text; `path` is for the errors.

    Raises:
        ConfigError: it says what makes no sense, or is no TOML.
    """
    try:
        config = msgspec.convert(_with_inputs(msgspec.toml.decode(text)), Config)
    except msgspec.ValidationError as error:
        field = _field_of(str(error))
        raise error_at(path, text, field, _reason(str(error))) from None
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from None
    return config


def _with_inputs(settings: dict[str, Any]) -> dict[str, Any]:
    """The same with each input of an offer that is written as JSON read.

    Raises:
        msgspec.ValidationError: one is no JSON object, or two offers have one name.
    """
    tables = settings.get("offer")
    known = set()
    for place, table in enumerate(tables if isinstance(tables, list) else ()):
        if not isinstance(table, dict):
            continue
        if isinstance(written := table.get("input"), str):
            table["input"], problem = read_input(written)
            if problem:
                raise msgspec.ValidationError(f"{problem} - at `$.offer[{place}].input`")
        if isinstance(name := table.get("name"), str):
            if name in known:
                raise msgspec.ValidationError(f"two are called {name!r} - at `$.offer[{place}].name`")
            known.add(name)
    return settings


def error_at(path: Path, text: str, field: str, reason: str) -> ConfigError:
    """An error that names the line a field stands on; `offer[1].input` is a field of the second such table."""
    begin, end, name = 0, len(text), field
    table = re.match(r"(\w+)\[(\d+)\]\.?", field)
    if table is not None:
        heads = [head.start() for head in re.finditer(rf"^[ \t]*\[\[{table[1]}\]\]", text, re.MULTILINE)]
        if int(table[2]) < len(heads):
            begin = heads[int(table[2])]
            after = re.compile(rf"^[ \t]*\[(?!{table[1]}\.)", re.MULTILINE).search(
                text, text.find("\n", begin)
            )
            end = after.start() if after is not None else end
        name = field[table.end() :]
        field = f"{table[1]}.{name}" if name else table[1]
    at = _place_of(name, text, begin, end)
    if at is None and table is not None:
        at = begin
    line = f":{text.count(chr(10), 0, at) + 1}" if at is not None else ""
    return ConfigError(f"{path}{line}: {field + ': ' if field else ''}{reason}")


def _place_of(field: str, text: str, begin: int, end: int) -> int | None:
    """Where a field is set, or its table begins."""
    name = re.escape(field.partition("[")[0].rpartition(".")[2])
    pattern = re.compile(rf'^[ \t]*(\[\[?{name}\]\]?|"?{name}"?[ \t]*=)', re.MULTILINE)
    found = pattern.search(text, begin, end) if name else None
    return found.start() if found is not None else None


def _field_of(message: str) -> str:
    """The field of a complaint of msgspec, which ends in ``- at `$.keys` `` or names what it does not know."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    place = re.search(r"at `\$\.?([^`]*)`$", message)
    parts = [place.group(1) if place else "", unknown.group(1) if unknown else ""]
    return ".".join(filter(None, parts))


def _reason(message: str) -> str:
    if "unknown field" in message:
        table = next((kind for name, kind in _TABLES.items() if f"at `$.{name}[" in message), Config)
        return f"there is no such setting; there are {', '.join(table.__struct_fields__)}"
    return message.partition(" - at `")[0][:1].lower() + message.partition(" - at `")[0][1:]


_TABLES: dict[str, type[Alert | Template]] = {"alert": Alert, "offer": Template}


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
    if config.columns:
        lines += ["", "[columns]"]
        lines += [f"{name} = [{', '.join(map(_quoted, names))}]" for name, names in config.columns.items()]
    if config.filters:
        lines += ["", "[filters]"]
        lines += [f"{_quoted(name)} = {_quoted(text)}" for name, text in sorted(config.filters.items())]
    for alert in config.alert:
        deeds = ", ".join(map(_quoted, alert.do))
        lines += ["", "[[alert]]", f"when = {_quoted(alert.when)}", f"do = [{deeds}]"]
    for offer in config.offer:
        lines += ["", "[[offer]]", *_offer_lines(offer)]
    return "\n".join(lines)


def _offer_lines(offer: Template) -> Iterator[str]:
    """Only what differs from the defaults, but for the name."""
    for field in ("name", *(field for field in offer.__struct_fields__ if field != "name")):
        value = getattr(offer, field)
        if field == "input" and value:
            yield f"input = {_quoted(escape_json(json.dumps(value, ensure_ascii=False)))}"
        elif field == "capabilities" and value:
            yield f"capabilities = [{', '.join(map(_quoted, value))}]"
        elif value and value != getattr(_USUAL_OFFER, field, None):
            yield f"{field} = {value if isinstance(value, int) else _quoted(value)}"


_USUAL_OFFER = Composed()


def _quoted(text: str) -> str:
    # A JSON string of printable text is a TOML string too.
    return msgspec.json.encode(text).decode()

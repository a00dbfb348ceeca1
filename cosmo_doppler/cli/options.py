"""Options that several commands share, and the readers that check what people type."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from cosmo_bus.access import TOKEN_VARIABLE
from cosmo_bus.tls import CA_VARIABLE
from cosmo_doppler.settings import (
    DEFAULT_NAMESPACE,
    DEFAULT_URL,
    NAMESPACE_VARIABLE,
    URL_VARIABLE,
    without_login,
)

if TYPE_CHECKING:
    from cosmo_doppler.query import Filter
    from cosmo_doppler.redaction import Redaction

F = TypeVar("F", bound=Callable[..., Any])

_BYTES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


class Checked(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """An option's type made of a function that reads the text and says in a ValueError what is wrong with it.

    Args:
        name: of what is read.
        read: the function.
        files: TAB completes it to names of files.
        words: makes the words that TAB completes it to.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[str], Any],
        *,
        files: bool = False,
        words: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.name = name
        self._read = read
        self._files = files
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what was read. A value that is no text is a default and right already."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What TAB offers after `incomplete`."""
        if self._files:
            return [CompletionItem(incomplete, type="file")]
        begun = incomplete.upper()
        return [CompletionItem(word) for word in self._words() if word.upper().startswith(begun)]


_PORTS = {"cosmo": 7070, "cosmos": 7070, "nats": 4222}
"""The schemes of a bus, and the port of each when none is given."""


def read_url(text: str) -> str:
    """A bus, `cosmo://host:port`, with TLS `cosmos://`, or `nats://`; a path means nothing.

    Raises:
        ValueError: it names none.
    """
    parts = urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError(
            f"{without_login(text)!r} does not start with cosmo:// (or cosmos:// for TLS) or nats://"
        )
    try:
        host, port = parts.hostname, _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        host, port = None, 0
    if not host or not port:
        raise ValueError(
            f"{without_login(text)!r} should look like {parts.scheme}://127.0.0.1:{_PORTS[parts.scheme]}"
        )
    login = f"{parts.netloc.rpartition('@')[0]}@" if parts.scheme == "nats" and "@" in parts.netloc else ""
    return f"{parts.scheme}://{login}{f'[{host}]' if ':' in host else host}:{port}"


def read_namespace(text: str) -> str:
    """A namespace: one token of a subject (PROTOCOL 3.1).

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(
            f"{text!r} is no namespace: write one word of letters, digits, _ and -, without dots"
        )
    return text


def read_json_object(text: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: it is none.
    """
    hint = 'write it like \'{"text": "hello"}\''
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON ({error}); {hint}") from None
    except RecursionError:
        raise ValueError(f"nested too deeply; {hint}") from None
    if not isinstance(parsed, dict):
        kind = {list: "a list", str: "a string", type(None): "null", bool: "a boolean"}
        raise ValueError(f"a JSON object is needed, not {kind.get(type(parsed), 'a number')}; {hint}")  # noqa: TRY004
    return parsed


def read_duration(text: str) -> float:
    """A span of time in seconds: `30`, `30s`, `500ms`, `5m`, `1h`.

    Raises:
        ValueError: it is none, or nothing.
    """
    read = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)(ms|s|m|h|)", text.strip())
    if read is None or float(read[1]) == 0:
        raise ValueError(f"{text!r} is no span of time; write 30, 30s, 500ms, 5m or 1h")
    return float(read[1]) * _SECONDS[read[2]]


def read_rate(text: str) -> float:
    """A part of all: above 0, at most 1.

    Raises:
        ValueError: it is none.
    """
    hint = f"{text!r} is no rate; write a number above 0 and at most 1, such as 0.2"
    try:
        rate = float(text)
    except ValueError:
        raise ValueError(hint) from None
    if not 0 < rate <= 1:  # not so for nan either
        raise ValueError(hint)
    return rate


def read_size(text: str) -> tuple[int, int]:
    """Columns and rows of a terminal: `120x40`.

    Raises:
        ValueError: it looks otherwise, or is out of 20x5 to 500x300.
    """
    read = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    if read is None or not (20 <= int(read[1]) <= 500 and 5 <= int(read[2]) <= 300):
        raise ValueError(f"{text!r} is no size; write columns x rows like 120x40 (20x5 to 500x300)")
    return int(read[1]), int(read[2])


def read_words(text: str) -> list[str]:
    """Words joined by commas: `summarize,english`."""
    return [word.strip() for word in text.split(",") if word.strip()]


def read_signal_type(text: str) -> str:
    """A signal type in any case; a dash stands for an underscore.

    Raises:
        ValueError: there is none of that name.
    """
    from cosmo_sdk.signal_types import SignalType

    name = text.upper().replace("-", "_")
    if name not in SignalType.__members__:
        raise ValueError(f"{text!r} is no signal type; there are {', '.join(SignalType)}")
    return name


def _signal_types() -> Iterable[str]:
    from cosmo_sdk.signal_types import SignalType

    return SignalType


def read_trace_id(text: str) -> str:
    """A trace id as the bus knows it: with its prefix, in full.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("trc_") or len(text) == len("trc_") or text.split() != [text]:
        raise ValueError(f"{text!r} is no trace id; they start with trc_ (see `cosmo tail --json`)")
    return text


def read_bytes(text: str) -> int:
    """An amount of data in bytes: `1000`, `64kB`, `256MB`, `2GB`; decimal units.

    Raises:
        ValueError: it is none, or less than one byte.
    """
    read = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)\s*(B|kB|KB|MB|GB|)", text.strip())
    size = 0 if read is None else int(float(read[1]) * _BYTES[read[2].upper()])
    if size < 1:
        raise ValueError(f"{text!r} is no amount of data; write 1000, 64kB, 256MB or 2GB")
    return size


def read_filter(text: str) -> Filter:
    """An expression of the filter language, which may use saved filters by name.

    Raises:
        ValueError: it cannot be meant.
        ConfigError: it names a saved filter, and the files with those cannot be used.
    """
    from cosmo_doppler.query import compile_filter
    from cosmo_doppler.saved import filters_for

    return compile_filter(text, filters_for(text))


FILTER = Checked("filter", read_filter)
URL = Checked("url", read_url)
NAMESPACE = Checked("namespace", read_namespace)
JSON_OBJECT = Checked("json", read_json_object)
BYTES = Checked("bytes", read_bytes)
RATE = Checked("rate", read_rate)
DURATION = Checked("duration", read_duration)
SIZE = Checked("size", read_size)
WORDS = Checked("words", read_words)
SIGNAL_TYPE = Checked("type", read_signal_type, words=_signal_types)
TRACE_ID = Checked("trace", read_trace_id)


def url_option(command: F) -> F:
    """`--url`: which bus; `--token-file` and `--tls-ca`: what it takes to be let in."""
    command = _for_every_connection(
        "--tls-ca", CA_VARIABLE, "CAs to trust for cosmos://, PEM; the system's when not given."
    )(command)
    command = _for_every_connection(
        "--token-file", TOKEN_VARIABLE, "File whose first line is the token, for a bus that asks for one."
    )(command)
    return click.option(
        "--url",
        type=URL,
        default=DEFAULT_URL,
        envvar=URL_VARIABLE,
        show_default=True,
        show_envvar=True,
        metavar="URL",
        help="The bus: cosmo://, cosmos:// or nats://.",
    )(command)


def _for_every_connection(flag: str, variable: str, help: str) -> Callable[[F], F]:
    """A file that whoever connects reads from the environment, wherever in the command that happens."""

    def keep(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
        if path is not None:
            os.environ[variable] = path

    return click.option(
        flag,
        type=click.Path(dir_okay=False),
        envvar=variable,
        show_envvar=True,
        expose_value=False,
        callback=keep,
        metavar="FILE",
        help=help,
    )


def namespace_option(command: F) -> F:
    """`-n`, `--namespace`: which part of the bus."""
    return click.option(
        "-n",
        "--namespace",
        type=NAMESPACE,
        default=DEFAULT_NAMESPACE,
        envvar=NAMESPACE_VARIABLE,
        show_default=True,
        show_envvar=True,
        metavar="NS",
        help="The namespace.",
    )(command)


def bus_options(command: F) -> F:
    """`--url` and `--namespace`."""
    return url_option(namespace_option(command))


def where_options(command: F) -> F:
    """`--type`, `--trace`, `--neuron`: which signals a command is about; the parameters are `type_`, `trace`, `neuron`."""
    command = click.option("--neuron", metavar="ID", help="Only signals that name this participant.")(command)
    command = click.option("--trace", type=TRACE_ID, metavar="ID", help="Only signals of this trace.")(
        command
    )
    return click.option(
        "--type", "type_", type=SIGNAL_TYPE, metavar="TYPE", help="Only signals of this type."
    )(command)


def json_option(help: str) -> Callable[[F], F]:
    """`--json`: for programs that read our stdout."""
    return click.option("--json", "as_json", is_flag=True, help=help)


def for_option(help: str) -> Callable[[F], F]:
    """`--for`: how long a streaming command runs."""
    return click.option("--for", "seconds", type=DURATION, metavar="SECONDS", help=help)


def redact_option(command: F) -> F:
    """`--redact`: paths into payloads whose values are not to be kept, exported or drawn; the parameter is `redact`."""
    return click.option(
        "--redact",
        multiple=True,
        metavar="PATH",
        help="Take out the values at this path, such as payload.input.card or payload.**.email; may be repeated, "
        "and adds to the setting `redact`.",
    )(command)


def redaction_of(paths: tuple[str, ...]) -> Redaction:
    """What the flags and the settings say together.

    Raises:
        SettingError: a path that cannot be meant, or a config file that cannot be used.
    """
    from cosmo_doppler.config import read_config
    from cosmo_doppler.redaction import Redaction

    return Redaction((*read_config().redact, *paths))


def examples(*lines: str) -> str:
    """The examples at the end of a `--help`, each on a line of its own."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)

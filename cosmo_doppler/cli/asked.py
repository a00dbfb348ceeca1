"""What the command line of `cosmo doppler` says, and whether it can be meant."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, get_args

import click

from cosmo_doppler.cli.checks import Checks
from cosmo_doppler.cli.options import URL, read_namespace, redaction_of
from cosmo_doppler.cli.playing import Playing
from cosmo_doppler.cli.tail import Selection
from cosmo_doppler.config import ThemeName

if TYPE_CHECKING:
    from cosmo_doppler.query import Filter
    from cosmo_doppler.redaction import Redaction

View = Literal[
    "traces", "auctions", "registry", "inbox", "signals", "faults", "metrics", "topology", "coordination"
]
VIEWS: tuple[View, ...] = get_args(View)


class Picture(NamedTuple):
    """A screen to render without a terminal."""

    path: Path
    size: tuple[int, int]
    view: View
    select: str
    wanted: str
    """A filter; empty for none."""


@dataclass(frozen=True)
class Asked:
    """The words of the command line, as they were read. The fields bear the names of the options' parameters."""

    places: tuple[Path | str, ...]
    url: str
    namespace: str
    demo: bool
    record: Path | None
    playing: Playing
    wanted: Filter | None
    checks: Checks
    screenshot: Path | None
    size: tuple[int, int]
    view: View
    select: str
    seconds: float | None
    plain: bool
    tail: bool
    types: tuple[str, ...]
    trace: str
    neuron: str
    payload: bool
    as_json: bool
    allow_actions: bool
    store: str | None
    daemon: bool
    theme: ThemeName | None
    ascii: bool
    redact: tuple[str, ...]
    legacy: str | None

    @property
    def recordings(self) -> list[Path]:
        """The files to open."""
        return [place for place in self.places if isinstance(place, Path)]

    @property
    def beside(self) -> list[str]:
        """The buses to watch beside the first one."""
        return [place for place in self.places if isinstance(place, str)][1:]

    @property
    def told_as_lines(self) -> bool:
        """Whether signals are printed like `cosmo tail` does."""
        return (self.tail or self.as_json) and not (self.checks.any or self.daemon)

    @property
    def shown(self) -> bool:
        """Whether a screen is meant, should there be a terminal."""
        return not (self.told_as_lines or self.checks.any or self.screenshot or self.plain or self.daemon)

    @property
    def selection(self) -> Selection:
        """Which signals are printed."""
        return Selection(frozenset(self.types), self.trace, self.neuron, self.wanted)

    @property
    def expression(self) -> str:
        """The filter as it was written; empty for none."""
        return "" if self.wanted is None else self.wanted.text

    @property
    def picture(self) -> Picture | None:
        """What `--screenshot` draws; None without it."""
        if self.screenshot is None:
            return None
        wanted = self.wanted
        drawn = wanted.written if wanted is not None and "$" in wanted.text else self.expression
        return Picture(self.screenshot, self.size, self.view, self.select, drawn)

    def redaction(self) -> Redaction:
        """What nobody is to see, by the flags and the settings.

        Raises:
            SettingError: a path that cannot be meant, or a config file that cannot be used.
        """
        return redaction_of(self.redact)

    def on_its_bus(self, ctx: click.Context) -> Self:
        """The same with `url` and `namespace` of the bus that is meant, however it was named.

        Raises:
            click.UsageError: several places that exclude each other.
        """
        buses = [place for place in self.places if isinstance(place, str)]
        given = ctx.get_parameter_source("url") is click.core.ParameterSource.COMMANDLINE
        if buses and self.recordings:
            raise click.UsageError("buses or recordings, not both at once; C and :open add one on the screen")
        if buses and (self.demo or given):
            raise click.UsageError("one place at a time: leave out URL, or --url and --demo")
        if self.recordings and self.demo:
            raise click.UsageError("FILE is a recording, --demo makes its own signals: use one of them")
        if self.legacy is not None:
            if given:
                raise click.UsageError("--synapse and --url both name the bus: use --url")
            url, namespace = _read_legacy(ctx, self.legacy, self.namespace)
            return replace(self, url=url, namespace=namespace)
        return replace(self, url=buses[0]) if buses else self

    def with_pipes(self) -> Self:
        """The same with recordings that come through pipes where they can be read. Keys come from the terminal then.

        Raises:
            RecordingError: a pipe that cannot be read.
        """
        from cosmo_doppler.cli.piped import recording, take_keys_from_the_terminal

        if not self.recordings:
            return self
        places = tuple(recording(each) if isinstance(each, Path) else each for each in self.places)
        if places == self.places:
            return self
        take_keys_from_the_terminal()
        return replace(self, places=places)

    def check(self) -> None:
        """Whether the options go together.

        Raises:
            click.UsageError: they do not.
        """
        if self.told_as_lines and self.demo:
            raise click.UsageError("--tail and --json print a bus or a recording; for the demo use --plain")
        if not self.told_as_lines and (self.types or self.trace or self.neuron or self.payload):
            raise click.UsageError("--type, --trace, --neuron and --payload need --tail")
        if self.checks.baseline is not None and (self.told_as_lines or self.plain or self.daemon):
            raise click.UsageError("--baseline is for the screen, a --screenshot and a --report")
        if self.daemon and (self.record is None or self.recordings or self.demo or self.beside):
            raise click.UsageError("--daemon records one bus: add --record FILE, and name no other place")
        if self.beside and not (self.shown and on_terminal()):
            raise click.UsageError("several buses side by side need the screen; elsewhere name one at a time")
        if self.recordings and self.record is not None:
            raise click.UsageError("--record writes what a bus says; FILE is a recording already")
        if self.store is not None and not (self.shown and on_terminal()):
            raise click.UsageError(
                "--store is what Q acts on: it needs the screen; see `cosmo coord` for the shell"
            )
        if self.checks.at is not None and not self.recordings:
            raise click.UsageError("--at names a place in a recording; a bus is watched for --for SECONDS")
        self._refuse_unheeded()

    def _refuse_unheeded(self) -> None:
        """Options that would be passed over in silence: what is not recorded, drawn or judged is to be known at once."""
        if self.daemon:
            beside = {
                "--tail": self.tail,
                "--plain": self.plain,
                "--filter": self.wanted is not None,
                "--screenshot": self.screenshot is not None,
                "--until, --assert and --report": self.checks.any,
            }
            for flag, given in beside.items():
                if given:
                    raise click.UsageError(f"--daemon records everything and does no more: leave out {flag}")
        if self.told_as_lines and self.record is not None:
            raise click.UsageError(
                "--tail and --json print and do not record: use `cosmo record` beside them"
            )
        if self.screenshot is not None and (self.told_as_lines or self.plain):
            raise click.UsageError("--screenshot draws, --tail, --json and --plain print: one at a time")


def on_terminal() -> bool:
    """Whether there is a screen to draw on."""
    return not why_no_screen()


def why_no_screen() -> str:
    """Why nothing can be drawn: keys come from stdin, and textual draws on stderr. Empty when it can."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return "no terminal"
    return "this terminal cannot be drawn on (TERM=dumb)" if os.environ.get("TERM") == "dumb" else ""


def _read_legacy(ctx: click.Context, legacy: str, namespace: str) -> tuple[str, str]:
    """Read the released peers' older `--synapse URL/NAMESPACE`."""
    scheme, _, rest = legacy.partition("://")
    address, _, path = rest.partition("/")
    url: str = URL.convert(f"{scheme}://{address}", None, ctx)
    try:
        return url, read_namespace(path) if path else namespace
    except ValueError as error:
        raise click.UsageError(str(error)) from None

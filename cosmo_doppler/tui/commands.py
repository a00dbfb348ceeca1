"""What can be written after `:`. Every action of the key table goes by its name, and these take an argument as well."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from cosmo_doppler.config import ThemeName
from cosmo_doppler.errors import DopplerError, SettingError
from cosmo_doppler.session.places import SPEEDS, read_speed
from cosmo_doppler.tui import words
from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.bus_commands import BUS_COMMANDS
from cosmo_doppler.tui.command import Command
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.layout import PANES, VIEWS
from cosmo_doppler.tui.list_commands import LIST_COMMANDS
from cosmo_doppler.tui.look import look_of
from cosmo_doppler.tui.offer_commands import OFFER_COMMANDS
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene

if TYPE_CHECKING:
    from cosmo_doppler.tui.modals.export import Kind
    from cosmo_doppler.tui.screens.observatory import Observatory

EXPORTS: tuple[Kind, ...] = ("ndjson", "md", "csv", "otlp", "py", "svg")
"""What may be written, and how."""

_OFFERED = 50
"""Completions of one argument."""


def _trace(observatory: Observatory, text: str) -> None:
    observatory.stage.go("traces", "traces", _ending(observatory.scene.board.trace_order, text, "trace"))


def _auction(observatory: Observatory, text: str) -> None:
    offer_id = _ending(observatory.scene.board.auction_order, text, "auction")
    observatory.stage.go("auctions", "auctions", offer_id)


def _who(observatory: Observatory, text: str) -> None:
    roster = observatory.scene.board.roster
    if text not in roster:
        raise SettingError(f"nobody here is called {text!r}{_perhaps(text, roster)}")
    observatory.stage.go("registry", "registry", text)


def _view(observatory: Observatory, text: str) -> None:
    for view in VIEWS:
        if view == text:
            observatory.stage.show(view)
            return
    raise SettingError(f"there is no view {text!r}; there are {', '.join(VIEWS)}")


def _seek(observatory: Observatory, text: str) -> None:
    with observatory.session.lock:
        observatory.session.timeline.seek_text(observatory.plain_place(text))
    observatory.turn()


def _speed(observatory: Observatory, text: str) -> None:
    observatory.play_at(read_speed(text))


def _pane(observatory: Observatory, text: str) -> None:
    if reason := observatory.toggle_pane(text):
        raise SettingError(reason[:1].lower() + reason[1:])


def _reset_layout(observatory: Observatory, text: str) -> None:
    observatory.action_reset_layout()


def _theme(observatory: Observatory, text: str) -> None:
    for theme in get_args(ThemeName):
        if theme == text:
            observatory.take_look(replace(look_of(observatory.app), theme=theme))
            return
    raise SettingError(f"there is no theme {text!r}; there are {', '.join(get_args(ThemeName))}")


def _ascii(observatory: Observatory, text: str) -> None:
    if text not in ("", "on", "off"):
        raise SettingError("write ascii on or ascii off")
    look = look_of(observatory.app)
    observatory.take_look(replace(look, ascii=not look.ascii if not text else text == "on"))


def _open(observatory: Observatory, text: str) -> None:
    from cosmo_doppler.session import open_replay

    if not text:
        raise SettingError("name a recording: open session.ndjson")
    observatory.post_message(observatory.Chosen(open_replay(Path(text).expanduser())))


def _export(observatory: Observatory, text: str) -> None:
    for kind in EXPORTS:
        if kind == text:
            observatory.export_as(kind)
            return
    if text:
        raise SettingError(f"there is no export {text!r}; there are {', '.join(EXPORTS)}")
    observatory.action_export()


def _baseline(observatory: Observatory, text: str) -> None:
    observatory.use_baseline(text)


def _stop(observatory: Observatory, text: str) -> None:
    if text != "marked":
        raise SettingError(
            "write stop marked: it stops every trace with a marked signal; S stops the selected one"
        )
    observatory.stop_marked()


COMMANDS: tuple[Command, ...] = (
    Command(
        "trace",
        "ID",
        "Go to a trace, by the end of its id",
        _trace,
        lambda scene: _ends(scene.board.trace_order),
    ),
    Command(
        "auction",
        "ID",
        "Go to an auction, by the end of its offer's id",
        _auction,
        lambda scene: _ends(scene.board.auction_order),
    ),
    Command("who", "NAME", "Go to a participant", _who, lambda scene: scene.board.roster),
    Command("view", "NAME", "Show a view", _view, lambda scene: VIEWS),
    Command(
        "seek",
        "PLACE",
        "Go to 00:01:12, 40%, #18231 or: next type:ERROR",
        _seek,
        lambda scene: ("next ", "last "),
    ),
    Command(
        "speed",
        "FACTOR",
        "Play a recording at 0.1 to 100 times its speed, or max",
        _speed,
        lambda scene: [words.speed(speed) for speed in SPEEDS],
    ),
    *LIST_COMMANDS,
    *OFFER_COMMANDS,
    Command("pane", "NAME", "Hide a pane of this view, or show it again", _pane, lambda scene: PANES),
    Command("reset_layout", "[]", "Show the panes of this view as usual", _reset_layout),
    Command("theme", "NAME", "Change the colours", _theme, lambda scene: get_args(ThemeName)),
    Command("ascii", "[on|off]", "Draw with ASCII only, or not", _ascii, lambda scene: ("on", "off")),
    Command(
        "baseline",
        "FILE|this|off",
        "Hold traces and auctions against a recording, or this one",
        _baseline,
        lambda scene: ("this", "off"),
    ),
    Command(
        "export",
        "[ndjson|md|csv|otlp|py|svg]",
        "Write a trace, an auction, everything or the screen to a file",
        _export,
        lambda scene: EXPORTS,
    ),
    Command("stop", "marked", "Stop all traces with a marked signal", _stop, lambda scene: ("marked",)),
    Command("open", "FILE", "Open a recording", _open),
    *BUS_COMMANDS,
)
_BY_NAME = {command.name: command for command in COMMANDS}
_PLAIN = {entry.id: entry for entry in ACTIONS if entry.place != "pane" or entry.palette}


def run_command(observatory: Observatory, line: str) -> None:
    """Carry out a line.

    Raises:
        SettingError: there is no such command, or it cannot be meant so.
        DopplerError: what it opens cannot be opened.
    """
    name, _, argument = line.strip().partition(" ")
    argument = argument.strip()
    command = _BY_NAME.get(name)
    if command is not None and (argument or command.argument.startswith("[")):
        try:
            command.run(observatory, argument)
        except OSError as error:
            raise DopplerError(f"{safe(argument, 80)}: {error.strerror or error}") from None
    elif command is not None:
        raise SettingError(f"write {name} {command.argument}: {command.help}")
    elif name in _PLAIN and not argument:
        begin(observatory, partial(observatory.run_listed, _PLAIN[name]))
    elif name in _PLAIN:
        raise SettingError(f"nothing follows {name}: {_PLAIN[name].help}")
    else:
        known = [*_BY_NAME, *_PLAIN]
        raise SettingError(f"there is no command {name!r}{_perhaps(name, known)}")


def completions(scene: Scene, line: str) -> list[str]:
    """Lines that begin as this one does. The session's lock must be held."""
    name, space, begun = line.partition(" ")
    if not space:
        return [each for each in sorted({*_BY_NAME, *_PLAIN}) if each.startswith(name)]
    command = _BY_NAME.get(name)
    if command is None:
        return []
    found = []
    before, comma, begun = begun.rpartition(",") if command.several else ("", "", begun)
    for each in command.complete(scene):
        if each.lower().startswith(begun.lower()) and each.isprintable():
            found.append(f"{name} {before}{comma}{each}")
            if len(found) == _OFFERED:
                break
    return found


def _ends(ids: list[str]) -> Iterable[str]:
    """The ends of the newest ids."""
    return (each[-8:] for each in ids[: -_OFFERED * 20 : -1])


def _ending(ids: list[str], end: str, noun: str) -> str:
    found = next((each for each in reversed(ids) if each.endswith((end, end.upper()))), None)
    if found is None:
        raise SettingError(f"no {noun} here ends in {end!r}")
    return found


def _perhaps(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""

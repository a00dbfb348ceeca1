"""Flags and settings for how the screen looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from cosmo_doppler.cli.output import show
from cosmo_doppler.config import Config, ThemeName, as_toml, config_path, error_at, read_config
from cosmo_doppler.errors import ConfigError, SettingError

if TYPE_CHECKING:
    from cosmo_doppler.tui.alerts import AlertRule
    from cosmo_doppler.tui.look import Look, LookedApp

LOOK_AGAIN_S = 1.0
"""How often the config file is looked at for changes, seconds."""

_NO_STATE = "cosmo.no-state"
_ALERT_EXEC = "cosmo.alert-exec"
_NO_MOUSE = "cosmo.no-mouse"
_FPS = "cosmo.fps"

F = TypeVar("F", bound=Callable[..., Any])


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback of an option that only the screen asks for."""

    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        ctx.meta[name] = value

    return keep


def _kept(name: str) -> Any:
    ctx = click.get_current_context(silent=True)
    return None if ctx is None else ctx.meta.get(name)


def takes_mouse(config: Config) -> bool:
    """Whether the screen takes the mouse from the terminal."""
    return config.mouse and not _kept(_NO_MOUSE)


def frame_rate(config: Config) -> int:
    """Pictures a second at most."""
    asked: int | None = _kept(_FPS)
    return config.frame_rate if asked is None else asked


def look_options(command: F) -> F:
    """The flags `--theme`, `--ascii`, `--fps`, `--no-mouse`, `--alert-exec`, `--no-state` and `--print-config`."""
    for option in (
        click.option(
            "--print-config",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_config,
            help="Print the settings in use as doppler.toml would have them, and exit.",
        ),
        click.option(
            "--no-state",
            is_flag=True,
            expose_value=False,
            callback=_keep(_NO_STATE),
            help="Neither read nor keep what outlives a run: how panes stand, filters, offers.",
        ),
        click.option(
            "--alert-exec",
            metavar="COMMAND",
            expose_value=False,
            callback=_keep_command,
            help="What alerts in doppler.toml that say exec run, with the signal on its standard input.",
        ),
        click.option(
            "--no-mouse",
            is_flag=True,
            expose_value=False,
            callback=_keep(_NO_MOUSE),
            help="Leave the mouse to the terminal, so that it selects text as usual.",
        ),
        click.option(
            "--fps",
            type=click.IntRange(1, 60),
            expose_value=False,
            callback=_keep(_FPS),
            help="Pictures a second at most.  [default: 30, over ssh 10]",
        ),
        click.option("--ascii", is_flag=True, help="Draw with ASCII only."),
        click.option(
            "--theme",
            type=click.Choice(get_args(ThemeName)),
            help="Colours; contrast is for eyes that need more of it.  [default: dark]",
        ),
    ):
        command = option(command)
    return command


def _keep_command(ctx: click.Context, _: click.Parameter, command: str | None) -> None:
    ctx.meta[_ALERT_EXEC] = command or ""


def state_file() -> Path | None:
    """Where the arrangement of the panes is kept; None when `--no-state` was given, or `COSMO_STATE=none`."""
    from cosmo_doppler.saved import state_path

    return None if _kept(_NO_STATE) else state_path()


def _print_config(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        config = read_config()
        show(f"# {config_path()}\n{as_toml(config)}")
        ctx.exit()


async def follow_config(app: LookedApp, theme: ThemeName | None, *, ascii: bool) -> None:
    """Take a new look whenever the file changes; what is wrong with it is said on the screen. Runs for ever."""
    known = _stamp()
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        if (stamp := _stamp()) == known:
            continue
        known = stamp
        try:
            app.take_look(chosen_look(read_config(), theme, ascii=ascii))
        except ConfigError as error:
            app.notify(str(error))


def _stamp() -> tuple[int, int] | None:
    try:
        facts = config_path().stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def chosen_look(config: Config, theme: ThemeName | None, *, ascii: bool) -> Look:
    """What the settings say, unless a flag says otherwise.

    Raises:
        ConfigError: a keymap or the expression of an alert that cannot be used.
    """
    from cosmo_doppler.tui.keymap import Keymap, KeymapError
    from cosmo_doppler.tui.look import Look

    try:
        keymap = Keymap(config.keys)
    except KeymapError as error:
        raise _config_error(error.field, str(error)) from None
    ctx = click.get_current_context(silent=True)
    command = ctx.meta.get(_ALERT_EXEC, "") if ctx is not None else ""
    _check_filters(config)
    _check_columns(config)
    return Look(
        theme or config.theme,
        ascii or config.ascii,
        keymap,
        _rules(config),
        command,
        config.filters,
        config.columns,
        tuple(config.offer),
    )


def _check_filters(config: Config) -> None:
    from cosmo_doppler.query import QueryError, compile_filter, is_name
    from cosmo_doppler.saved import saved_filters

    known = saved_filters() if any("$" in text for text in config.filters.values()) else {}
    for name, text in config.filters.items():
        try:
            if not is_name(name):
                raise _config_error(
                    f"filters.{name}", "is no name; write letters, digits, _ and -, a letter first"
                )
            compile_filter(text, {**known, **config.filters})
        except QueryError as error:
            raise _config_error(f"filters.{name}", f"{text!r}: {error}") from None


def _check_columns(config: Config) -> None:
    from cosmo_doppler.tui.panes.signal_columns import Chosen

    for pane, names in config.columns.items():
        try:
            Chosen(names)
        except SettingError as error:
            raise _config_error(f"columns.{pane}", str(error)) from None


def _config_error(field: str, reason: str) -> ConfigError:
    """An error of the config file in use, with the line of the field."""
    path = config_path()
    return error_at(path, path.read_text(encoding="utf-8") if path.exists() else "", field, reason)


def _rules(config: Config) -> tuple[AlertRule, ...]:
    """The alerts of the settings, their expressions read."""
    from cosmo_doppler.query import QueryError, compile_filter
    from cosmo_doppler.saved import filters_for
    from cosmo_doppler.tui.alerts import AlertRule

    rules = []
    for place, alert in enumerate(config.alert):
        try:
            named = {**filters_for(alert.when), **config.filters}
            rules.append(AlertRule(compile_filter(alert.when, named), alert.do))
        except QueryError as error:
            raise _config_error(f"alert[{place}].when", f"{alert.when!r}: {error}") from None
    return tuple(rules)

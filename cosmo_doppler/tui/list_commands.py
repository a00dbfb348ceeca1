"""The words behind `:` that are about lists: what they are narrowed to, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmo_doppler.errors import SettingError
from cosmo_doppler.query import QueryError
from cosmo_doppler.tui.command import Command
from cosmo_doppler.tui.scene import Scene

if TYPE_CHECKING:
    from cosmo_doppler.tui.screens.observatory import Observatory


def _filter(observatory: Observatory, text: str) -> None:
    named = observatory.scene.named()
    try:
        if text:
            observatory.narrow(f"${text}" if text in named else text)
        else:
            observatory.action_filter()
    except QueryError as error:
        raise SettingError(str(error)) from None


def _keep(observatory: Observatory, text: str) -> None:
    name, _, expression = text.partition(" ")
    observatory.keep_filter(name, expression.strip())


def _forget(observatory: Observatory, text: str) -> None:
    observatory.forget_filter(text)


def _clear(observatory: Observatory, text: str) -> None:
    observatory.show_from_now_on()


def _columns(observatory: Observatory, text: str) -> None:
    if text:
        observatory.choose_columns(text)
    else:
        # What stands there is where one begins.
        observatory.call_later(observatory.begin_command, f"columns {observatory.columns_now()}")


def _column_names(scene: Scene) -> list[str]:
    from cosmo_doppler.tui.panes.signal_columns import known_columns

    return ["usual", *known_columns()]


def _named(scene: Scene) -> list[str]:
    return sorted(scene.named())


LIST_COMMANDS: tuple[Command, ...] = (
    Command(
        "filter",
        "[EXPR]",
        "Show only what matches, such as type:BID cost<0.01, or a saved filter",
        _filter,
        _named,
    ),
    Command("clear", "[]", "Show only what comes from now on; esc shows all again", _clear),
    Command("keep", "NAME [EXPR]", "Save the filter, or another expression, under a name", _keep, _named),
    Command(
        "columns",
        "[NAME,...]",
        "Choose the columns of Signals, such as time,type,payload.cost,says; or usual",
        _columns,
        _column_names,
        several=True,
    ),
    Command("forget", "NAME", "Save a filter no longer", _forget, _named),
)

"""How the screen looks and what its keys are: a person's choice, or the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor

from cosmo_doppler.config import ThemeName
from cosmo_doppler.offers import Template
from cosmo_doppler.tui import colourless
from cosmo_doppler.tui.alerts import AlertRule
from cosmo_doppler.tui.ascii import AsciiFilter
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.layout import Pane
from cosmo_doppler.tui.pictures import measured
from cosmo_doppler.tui.remembered import Remembered
from cosmo_doppler.tui.theme import THEME_NAMES, ink_of, textual_theme


@dataclass(frozen=True)
class Look:
    """Theme, signs, keys and alerts."""

    theme: ThemeName = "dark"
    ascii: bool = False
    """Draw with ASCII only."""
    keymap: Keymap = field(default_factory=Keymap)
    alerts: tuple[AlertRule, ...] = ()
    alert_command: str = ""
    """What an alert may run; empty for nothing."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Expressions by name, from the settings."""
    columns: Mapping[Any, Sequence[str]] = field(default_factory=dict)
    """Names of the columns of lists, from the settings."""
    offers: tuple[Template, ...] = ()
    """Templates of offers, from the settings."""


class LookedApp(App[None]):
    """An app that takes a look, at its start and while it runs, and remembers how its panes stand."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.no_color = colourless.wanted()
        self.remembered = Remembered()
        """How the panes are arranged; whoever wants that kept between runs sets one with a file."""
        for name in THEME_NAMES:
            self.register_theme(textual_theme(name))
        self.take_look(look)

    def take_look(self, look: Look) -> None:
        """Change theme, signs and keys."""
        self.look = look
        self.theme = f"doppler-{look.theme}"
        self.set_keymap(look.keymap.for_textual())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every finished line goes through."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome | NoColor)]
        if self.no_color:
            filters.append(colourless.without(ink_of(self).palette))
        return [*filters, AsciiFilter()] if self.look.ascii else filters

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG, in black and white where colours are not wanted.

        Args:
            title: above it; None for the app's.
            simplify: join neighbours of one style.
        """
        if not self.no_color:
            return measured(super().export_screenshot(title=title, simplify=simplify))
        drawn = self.screen._compositor.render_update(
            full=True, screen_stack=self._background_screens, simplify=simplify
        )
        svg = colourless.svg_of(drawn or "", self.size, title or self.title, dark=self.current_theme.dark)
        return measured(svg)


def remembered_of(app: App[object]) -> Remembered:
    """How the panes of the app one is in are arranged."""
    return app.remembered if isinstance(app, LookedApp) else Remembered()


def named_filters(app: App[object]) -> dict[str, str]:
    """Saved filters by name: those of the settings, and those that were kept on the screen."""
    return {**remembered_of(app).filters, **look_of(app).filters}


def chosen_columns(app: App[object], pane: Pane) -> tuple[str, ...]:
    """The columns of a list: those that were chosen on the screen, or those of the settings; none for the usual ones."""
    return remembered_of(app).columns(pane) or tuple(look_of(app).columns.get(pane, ()))


def look_of(app: App[object]) -> Look:
    """The look of the app one is in."""
    return app.look if isinstance(app, LookedApp) else Look()

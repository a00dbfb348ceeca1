"""Colours: one per family of signals, and weights for everything else.

A colour says which family a signal belongs to and nothing more; green says done well, red failure, orange STOP.
Every state is a word or a sign first, so the screen reads the same without any colour.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from cosmo_sdk.signal_types import SignalType

if TYPE_CHECKING:
    from textual.app import App

Family = Literal["work", "market", "thinking", "memory", "people", "presence", "stop", "failure"]

_T = SignalType
_MEMBERS: dict[Family, tuple[SignalType, ...]] = {
    "work": (_T.TASK, _T.AGENT_OUTPUT, _T.FINAL),
    "market": (_T.TASK_OFFER, _T.BID, _T.TASK_AWARDED, _T.TASK_DECLINED),
    "thinking": (_T.PLAN, _T.THOUGHT_DELTA, _T.CRITIQUE, _T.AUDIT),
    "memory": (
        _T.TOOL_CALL,
        _T.TOOL_RESULT,
        _T.RECALL,
        _T.RECALLED,
        _T.IMPRINT,
        _T.IMPRINTED,
        _T.MEMORY_APPEND,
        _T.CONTEXT_SYNC,
    ),
    "people": (
        _T.CLARIFICATION,
        _T.CLARIFICATION_ANSWER,
        _T.PERMISSION,
        _T.PERMISSION_DECISION,
        _T.ESCALATION,
        _T.CONSENSUS,
    ),
    "presence": (_T.REGISTER, _T.DEREGISTER, _T.HEARTBEAT, _T.DISCOVER),
    "stop": (_T.STOP, _T.STOPPED),
    "failure": (_T.ERROR,),
}
FAMILY_OF: dict[str, Family] = {str(kind): family for family, kinds in _MEMBERS.items() for kind in kinds}
"""The family of each known type."""


def family_of(signal_type: str) -> Family:
    """The family of a type; types this version does not know count as presence, the quietest one."""
    return FAMILY_OF.get(signal_type, "presence")


@dataclass(frozen=True)
class Palette:
    """One theme's colours, as `#rrggbb`."""

    background: str
    raised: str
    """Status line, footer, modals."""
    selection: str
    """Background of the selected row in the focused pane."""
    selection_blurred: str
    """Background of the selected row elsewhere."""
    text: str
    dim: str
    """Labels, units, separators."""
    faint: str
    """Guides, rules, empty parts of bars; never carries text one must read."""
    work: str
    market: str
    thinking: str
    memory: str
    people: str
    presence: str
    stop: str
    failure: str
    well: str
    """Done well."""


DARK = Palette(
    background="#11141a",
    raised="#191d25",
    selection="#2b3547",
    selection_blurred="#1d222c",
    text="#dbe0e8",
    dim="#8f98a8",
    faint="#434b59",
    work="#74b3ff",
    market="#e6c05c",
    thinking="#b7a3ff",
    memory="#55cdbd",
    people="#ff93c6",
    presence="#9aa3b2",
    stop="#ff9a55",
    failure="#ff7078",
    well="#78d487",
)
LIGHT = Palette(
    background="#fbfaf7",
    raised="#f0eee8",
    selection="#d3e0f2",
    selection_blurred="#e9e8e4",
    text="#20242c",
    dim="#5d6470",
    faint="#c3c2bc",
    work="#1b57b5",
    market="#735400",
    thinking="#6238bd",
    memory="#00635a",
    people="#a52a70",
    presence="#5a616d",
    stop="#9c3f00",
    failure="#b41d2b",
    well="#1c6a2f",
)

CONTRAST = Palette(
    background="#000000",
    raised="#1c1c1c",
    selection="#20407a",
    selection_blurred="#2c2c2c",
    text="#ffffff",
    dim="#d6d6d6",
    faint="#8a8a8a",
    work="#8fc8ff",
    market="#ffd84d",
    thinking="#cbbcff",
    memory="#5ff0dc",
    people="#ffa6d6",
    presence="#d6d6d6",
    stop="#ffb070",
    failure="#ffa3a3",
    well="#8cf59b",
)
"""For eyes and rooms in which the dark theme is too soft: every ink at 7:1 or more on its ground."""

_BAR_STRENGTH = 0.62
"""How much of a family's colour a bar has, the rest being the background."""

DARK_NAME = "doppler-dark"
LIGHT_NAME = "doppler-light"
CONTRAST_NAME = "doppler-contrast"
_PALETTES = {DARK_NAME: DARK, LIGHT_NAME: LIGHT, CONTRAST_NAME: CONTRAST}
THEME_NAMES = tuple(_PALETTES)


def textual_theme(name: str) -> Theme:
    """The Textual theme for one of our palettes. Families are variables: `$work`, `$market` and so on."""
    palette = _PALETTES[name]
    colours = {field.name.replace("_", "-"): getattr(palette, field.name) for field in fields(palette)}
    return Theme(
        name=name,
        dark=palette is not LIGHT,
        primary=palette.work,
        secondary=palette.thinking,
        accent=palette.work,
        success=palette.well,
        warning=palette.stop,
        error=palette.failure,
        foreground=palette.text,
        background=palette.background,
        surface=palette.background,
        panel=palette.raised,
        variables=colours
        | {
            "footer-background": palette.raised,
            "border": palette.work,
            "border-blurred": palette.faint,
            "block-cursor-background": palette.selection,
            "block-cursor-foreground": palette.text,
            "block-cursor-text-style": "none",
            "input-selection-background": palette.selection,
        },
    )


class Ink:
    """A palette as Rich styles, ready for segments. `plain`, `dim`, `faint` and `bold` are weights."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.background = Style(bgcolor=palette.background)
        self.raised = Style(bgcolor=palette.raised)
        self.selection = Style(bgcolor=palette.selection)
        self.selection_blurred = Style(bgcolor=palette.selection_blurred)
        self.plain = Style(color=palette.text)
        self.bold = Style(color=palette.text, bold=True)
        self.dim = Style(color=palette.dim)
        self.faint = Style(color=palette.faint)
        self.focus = Style(color=palette.work, bold=True)
        self.well = Style(color=palette.well)
        self.stop = Style(color=palette.stop)
        self.failure = Style(color=palette.failure)
        self.people = Style(color=palette.people)
        self.market = Style(color=palette.market)
        self._families = {family: Style(color=getattr(palette, family)) for family in _MEMBERS}
        ground = Color.parse(palette.background)
        self._bars = {
            family: Style(color=ground.blend(Color.parse(getattr(palette, family)), _BAR_STRENGTH).hex)
            for family in _MEMBERS
        }

    def family(self, signal_type: str) -> Style:
        """The style of a signal type's family."""
        return self._families[family_of(signal_type)]

    def bar(self, signal_type: str) -> Style:
        """The same, quieter: for areas, which weigh more than letters."""
        return self._bars[family_of(signal_type)]


_INKS = {name: Ink(palette) for name, palette in _PALETTES.items()}


def ink_of(app: App[Any]) -> Ink:
    """The inks of the app's theme; foreign themes get the dark or the light ones, as they are."""
    return _INKS.get(app.theme) or _INKS[DARK_NAME if app.current_theme.dark else LIGHT_NAME]

"""What the palette offers beside the keys, and why something cannot be done now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, get_args

from cosmo_doppler.config import ThemeName, config_path
from cosmo_doppler.tui import words
from cosmo_doppler.tui.actions import Action
from cosmo_doppler.tui.layout import Pane
from cosmo_doppler.tui.look import look_of
from cosmo_doppler.tui.pulse import memory_bytes
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.screens.bussing import bus_of, why_not_reconnect
from cosmo_doppler.tui.screens.timing import OWN_SPEED
from cosmo_doppler.tui.watched import name_of
from cosmo_doppler.tui.widgets.source import Glance

if TYPE_CHECKING:
    from cosmo_doppler.tui.screens.observatory import Observatory

_REPLAYED = frozenset({"slower", "faster", "cut_pauses"})


class More(NamedTuple):
    """One thing to do."""

    name: str
    run: Callable[[], object]
    why_not: str = ""
    """Why it cannot be done now; empty when it can."""
    also: str = ""
    """Other words by which one may look for it."""


_WAYS: tuple[tuple[str, Pane, Glance, str], ...] = (
    ("Show the trace as a waterfall", "pathway", "waterfall", "gantt timeline critical path"),
    ("Show the trace as a tree", "pathway", "tree", "nested"),
    ("Show the trace as lanes, one for each participant", "pathway", "lanes", "swimlanes"),
    ("Show the trace as a flame: where its time went", "pathway", "flame", "flamegraph profile icicle"),
    (
        "Show bids, and which strategies explain the award",
        "bids",
        "bids",
        "strategy report explainer verdict",
    ),
    ("Show who would have won otherwise", "bids", "what if", "what-if window curve score ghost bid strategy"),
    ("Show who keeps promises", "bids", "promises", "honesty calibration promised delivered"),
)
"""Ways to show a trace or an auction: what is said, the pane, the way, other words for it."""

_REDACTED_BEFORE = (
    "it has to be said before anything is read: --redact PATH, or redact = [...] in the settings"
)


def why_not(observatory: Observatory, entry: Action) -> str:
    """Why an action cannot be done now; empty when it can."""
    session = observatory.session
    if entry.group == "Act" and entry.name not in ("arm", "connect"):
        return session.read_only_reason
    if entry.name == "record" and session.kind == "replay":
        return "this is a recording already"
    if entry.name in _REPLAYED and session.kind != "replay" and session.timeline.following:
        return OWN_SPEED
    if entry.name in ("other(1)", "detach") and len(observatory.watched.sessions) == 1:
        return "nothing else is watched"
    if entry.name.startswith("marked(") and not len(session.marks):
        return "no signal is marked; m marks one"
    if entry.name == "saved_filters" and not observatory.scene.named():
        return "no filter is saved; / writes one, ctrl+o keeps it"
    if entry.name.startswith("hit(") and observatory.scene.filtering.wanted is None:
        return "there is no filter; / writes one"
    return ""


def more(observatory: Observatory) -> Iterator[More]:
    """Everything, in groups: what is shown, where to look, this program."""
    stage = observatory.stage
    for told, where, how, also in _WAYS:
        yield More(told, partial(stage.show_way, where, how), also=also)
    for pane in stage.optional:
        verb = "Show" if stage.hidden(pane) else "Hide"
        yield More(f"{verb} the pane {pane}", partial(_toggle, observatory, pane), also="toggle")
    usual = "" if stage.arranged_by_hand else "they do"
    yield More("Let the panes of this view stand as usual", observatory.action_reset_layout, usual)
    look = look_of(observatory.app)
    for theme in get_args(ThemeName):
        present = "it is in use" if theme == look.theme else ""
        yield More(
            f"Use the theme {theme}",
            partial(observatory.take_look, replace(look, theme=theme)),
            present,
            "high contrast colours" if theme == "contrast" else "colours",
        )
    signs = "Draw with all signs again" if look.ascii else "Draw with ASCII only"
    yield More(signs, partial(observatory.take_look, replace(look, ascii=not look.ascii)))
    for line, name in (
        ("open ", "Open a recording ..."),
        ("attach ", "Watch another bus ..."),
        ("seek ", "Go to a time, a share or an expression ..."),
        ("speed ", "Play at a speed ..."),
        ("filter ", "Filter by an expression ..."),
        ("keep ", "Save the filter under a name ..."),
        ("baseline ", "Set a recording as baseline ..."),
    ):
        yield More(name, partial(observatory.begin_command, line))
    for name, text in sorted(observatory.scene.named().items()):
        yield More(f"Filter ${name}  {safe(text, 100)}", partial(observatory.narrow, f"${name}"))
    for template in observatory.scene.templates():
        offer, reason = partial(observatory.offer_from, template), observatory.session.read_only_reason
        yield More(f"Offer: {safe(template.name)}", offer, reason)
    yield More("Clear: show only what comes from now on", observatory.show_from_now_on)
    yield More(
        "Choose the columns of Signals ...",
        lambda: observatory.begin_command(f"columns {observatory.columns_now()}"),
    )
    held = "there is a baseline; ctrl+b takes it away" if observatory.scene.against.reference.name else ""
    yield More("Set all of this as baseline", partial(observatory.use_baseline, "this"), held)
    for place, session in enumerate(observatory.watched.sessions):
        if session is not observatory.session:
            yield More(f"Show {name_of(session)}", partial(observatory.turn_to, place))
    yield More("Try to reconnect now", observatory.reconnect, why_not_reconnect(observatory.session))
    told = "" if bus_of(observatory.session) else "there is no bus"
    yield More("Show who is connected, with subscriptions", observatory.show_subscriptions, told)
    absent = "" if observatory.session.operator is not None else "there is no bus"
    yield More(
        "Ask who is there (DISCOVER)", observatory.discover, absent or observatory.session.read_only_reason
    )
    yield More("Redact: take values out of what is kept and shown", _nothing, _REDACTED_BEFORE)
    yield More(
        "Say where the settings are",
        lambda: observatory.say(f"Settings: {config_path()}"),
        also="config path keymap keys doppler.toml",
    )
    yield More(
        "Say how Doppler itself is doing",
        lambda: observatory.say(diagnosis(observatory)),
        also="diagnostics fps lag drops memory health",
    )
    yield More("About Doppler: which version this is", lambda: observatory.say(_version()))


def _nothing() -> None:
    """What stands for what cannot be done here."""


def _toggle(observatory: Observatory, pane: str) -> None:
    if reason := observatory.toggle_pane(pane):
        observatory.say(reason)


def diagnosis(observatory: Observatory) -> str:
    """How well the screen keeps up, in a line."""
    status, pulse = observatory.session.status(), observatory.scene.pulse
    told = [f"{words.count(status.signals)} signals", f"{words.count(status.dropped)} dropped"]
    if pulse is not None:
        told.append(
            f"{pulse.frames_per_second():.0f} frames/s, {pulse.frame_ms(0.99):.0f} ms at most for 99%"
        )
    told.append(f"memory {words.size(memory_bytes())}")
    return "   ".join(told)


def _version() -> str:
    from importlib.metadata import version

    return f"Cosmo Doppler {version('cosmo-doppler')}: watch, record and steer agents that talk over a bus"

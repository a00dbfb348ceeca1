"""The panes: which are shown, where, which has the focus, and how a selection in one moves the others."""

from __future__ import annotations

from importlib import import_module

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui.holding import follow_held
from cosmo_doppler.tui.jumps import auction_of
from cosmo_doppler.tui.layout import DEEPER, Pane, View, plan
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.screens.borders import Borders
from cosmo_doppler.tui.widgets.entry import Entry
from cosmo_doppler.tui.widgets.lines import Lines
from cosmo_doppler.tui.widgets.source import Glance, Source

_SOURCES: dict[Pane, str] = {
    "traces": "ordered.OrderedTraces",
    "pathway": "pathway.PathwayRows",
    "inspector": "inspector.InspectorRows",
    "auctions": "ordered.OrderedAuctions",
    "bids": "bids.BidRows",
    "registry": "ordered.OrderedRoster",
    "inbox": "inbox.InboxRows",
    "signals": "sifted.SiftedSignals",
    "faults": "ordered.OrderedFaults",
    "fault": "fault.FaultLines",
    "metrics": "metrics.MetricRows",
    "topology": "topology.TopologyRows",
    "coordination": "coordination_sifted.SiftedCoordination",
    "object": "object.ObjectLines",
    "held": "held.HeldRows",
    "hold": "hold.HoldLines",
    "breaks": "breaks.BreakRows",
    "hands": "hands.HandRows",
}
"""Where the rows of each pane are at home, under `cosmo_doppler.tui.panes`; imported when the pane is first wanted."""


class Panes(dict[Pane, Lines]):
    """The panes that were wanted so far: each is made when somebody first asks for it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def __missing__(self, name: Pane) -> Lines:
        module, _, rows = _SOURCES[name].partition(".")
        source: Source = getattr(import_module(f"cosmo_doppler.tui.panes.{module}"), rows)(self._scene)
        pane = self[name] = Lines(source, self._scene.session.lock, id=name)
        return pane


class Stage(Borders):
    """The panes of the observatory. Those that no view has shown yet do not exist; those that are hidden cost nothing."""

    DEFAULT_CSS = "Stage { height: 1fr; background: $background; }"

    class Focused(Message):
        """Another pane has the focus, or another view is shown."""

    class Told(Message):
        """A row that leads nowhere was opened: what it says, with nothing cut off."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    class Sought(Message):
        """A person wants to see what a fault is about."""

        def __init__(self, fault: object) -> None:
            super().__init__()
            self.fault = fault

    def __init__(self, scene: Scene, view: View, cover: Widget) -> None:
        super().__init__(id="stage")
        self.scene = scene
        self._placard = cover
        self.view: View = view
        self.panes = Panes(scene)
        self._wanted: tuple[Pane, str] | None = None

    def compose(self) -> ComposeResult:
        """The panes of the first view, as far as the size of the terminal tells, and what lies over them while they are empty."""
        for slot in plan(self.view, *self.app.size):
            yield self.panes[slot.pane]
        yield self._placard

    def on_mount(self) -> None:
        """Show the first view."""
        self.show(self.view)

    def on_resize(self, event: events.Resize) -> None:
        """Panes move, and some come or go."""
        self.lay_out()

    # Which panes, where

    @property
    def shown(self) -> list[Pane]:
        """Panes on the screen, in reading order."""
        return [slot.pane for slot in self.slots]

    @property
    def focused(self) -> Pane:
        """The pane with the focus; the view's own when nothing has it."""
        return next((name for name, pane in self.panes.items() if pane.has_focus), self.view)

    def lay_out(self) -> None:
        """Put every pane where the view wants it."""
        if not self.size.area:
            return
        slots = {slot.pane: slot.region for slot in self.slots}
        new = [pane for pane in map(self.panes.__getitem__, slots) if not pane.is_attached]
        if new:
            self.mount(*new, before=self._placard)
        with self.scene.session.lock:
            for name, pane in self.panes.items():
                region = slots.get(name)
                pane.display = region is not None
                if region is not None:
                    pane.styles.offset = (region.x, region.y)
                    pane.styles.width, pane.styles.height = region.width, region.height
                    pane.touch()
        if self.screen.focused is not None and not self.screen.focused.display:
            self.focus_pane(self.view if self.alone is None else self.alone)

    def show(self, view: View) -> None:
        """Show a view, with the focus on its own pane."""
        self.view, self.alone = view, None
        self.lay_out()
        self.focus_pane(view)

    def focus_pane(self, pane: Pane) -> None:
        """Give a pane the focus, or let it have it next while a person writes elsewhere.

        Leaving a list holds it still, so that what one went into stays.
        """
        if pane != self.view:
            self.panes[self.view].follow = False
        written = self.screen.focused
        if isinstance(written, Entry) and all(each.display for each in written.ancestors_with_self):
            written.back = self.panes[pane]
        else:
            self.screen.set_focus(self.panes[pane], scroll_visible=False)
        self.chosen(pane)
        self.post_message(self.Focused())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click moved the focus."""
        if isinstance(event.widget, Lines) and event.widget.id != self.view:
            self.panes[self.view].follow = False
        self.chosen(self.focused)
        self.post_message(self.Focused())

    def next_pane(self, step: int) -> None:
        """Move the focus along the panes on the screen."""
        shown = self.shown
        if len(shown) == 1 and self.alone is None:
            self._alone(DEEPER.get(self.view, self.view))
            return
        here = shown.index(self.focused) if self.focused in shown else 0
        self.focus_pane(shown[(here + step) % len(shown)])

    def zoom(self) -> None:
        """Give the focused pane all the room, or take it back."""
        focused = self.focused
        self._alone(focused if self.alone is None else None)
        self.focus_pane(focused if focused in self.shown else self.view)

    def _alone(self, pane: Pane | None) -> None:
        self.alone = pane
        self.lay_out()
        if pane is not None:
            self.focus_pane(pane)

    def back(self) -> bool:
        """One step back towards the view's own pane; False when already there."""
        focused = self.focused
        above: Pane = next(
            (name for name, below in DEEPER.items() if below == focused and name in self._chain()), self.view
        )
        if self.alone is not None:
            self._alone(None)
            self.focus_pane(above if above in self.shown else self.view)
            if above not in self.shown and above != self.view:
                self._alone(above)
            return True
        if focused == self.view:
            return False
        self.focus_pane(above if above in self.shown else self.view)
        return True

    def _chain(self) -> list[Pane]:
        chain: list[Pane] = [self.view]
        while chain[-1] in DEEPER:
            chain.append(DEEPER[chain[-1]])
        return chain

    @on(Lines.Opened)
    def _open(self, message: Lines.Opened) -> None:
        message.stop()
        below = DEEPER.get(_name(message.lines))
        if below is None:
            return
        self.chosen(_name(message.lines))
        pane = message.lines
        with self.scene.session.lock:
            leads_on = (
                _name(pane) not in ("metrics", "topology") or pane.source.sequence(pane.cursor) is not None
            )
            whole = "" if leads_on else pane.source.copied(pane.cursor)
        if not leads_on:
            self.post_message(self.Told(whole))
            return
        if _name(message.lines) == "faults":
            self.post_message(self.Sought(message.lines.cursor))
            return
        if below in self.shown:
            self.focus_pane(below)
        else:
            self._alone(below)

    def look(self, how: Glance) -> bool:
        """Show what a pane shows in another way: the focused one, or else the first on the screen that can."""
        others = [name for name in self.shown if name != self.focused]
        return any(self.panes[name].look(how) for name in (self.focused, *others))

    def show_way(self, pane: Pane, how: Glance) -> None:
        """Show a trace or an auction in the way of that name, wherever its pane is."""
        if pane not in self.shown:
            self.show("traces" if pane == "pathway" else "auctions")
        if pane in self.shown:
            self.focus_pane(pane)
        else:
            self._alone(pane)
        self.panes[pane].look(how)

    def describe(self) -> None:
        """Show the signal that is selected, whole."""
        if "inspector" in self.shown:
            self.focus_pane("inspector")
        else:
            self._alone("inspector")

    def repaint(self) -> None:
        """How everything is told changed."""
        with self.scene.session.lock:
            for pane in self.panes.values():
                pane.forget()
                pane.touch()

    # What is selected

    @on(Lines.Moved)
    def _moved(self, message: Lines.Moved) -> None:
        """Follow the cursor of the focused pane, or of the view's own while nothing else is focused."""
        message.stop()
        if _name(message.lines) == self.focused:
            self.chosen(self.focused)

    def chosen(self, name: Pane) -> None:
        """Make what the cursor of a pane is on the thing all other panes are about."""
        scene = self.scene
        pane = self.panes[name]
        before = (scene.trace_id, scene.offer_id, scene.fault, scene.object_key, scene.seq)
        with scene.session.lock:
            key = pane.cursor
            seq = pane.source.sequence(key) if key is not None else None
            if seq is not None:
                scene.seq = seq
            self._follow_key(name, key)
            if before == (scene.trace_id, scene.offer_id, scene.fault, scene.object_key, scene.seq):
                return
            for other in self.shown:
                if other != name:
                    self.panes[other].touch()

    def _follow_key(self, name: Pane, key: object) -> None:
        scene = self.scene
        if name == "faults":
            scene.fault = key
        if name == "held":
            scene.hold_id = key if isinstance(key, str) else None
            follow_held(scene)
            return
        if name in {"hold", "breaks"}:
            return
        if name == "coordination":
            scene.object_key = key if isinstance(key, str) else None
        if name == "traces" and isinstance(key, str):
            scene.trace_id = key
        elif name == "auctions" and isinstance(key, str):
            scene.offer_id = key
            scene.trace_id = scene.auction.trace_id if scene.auction is not None else scene.trace_id
        elif name in {"inbox", "signals", "faults", "topology", "hands", "coordination", "object"}:
            seen = scene.observed(scene.seq)
            if seen is not None and seen.header.trace_id in scene.board.traces:
                scene.trace_id = seen.header.trace_id
        if name not in {"auctions", "bids", "registry"}:
            scene.offer_id = auction_of(scene)

    def go(self, view: View, pane: Pane, key: str | int) -> None:
        """Show a view with the cursor of one of its panes on a row; if it is not known yet, as soon as it is."""
        if view != self.view:
            self.show(view)
        if not self._go_now(pane, key):
            self._wanted = (pane, str(key))

    def _go_now(self, pane: Pane, key: str | int) -> bool:
        found = self.panes[pane].select(key)
        if found:
            self.chosen(pane)
            if pane in self.shown:
                self.focus_pane(pane)
        return found

    # What changed

    def take(self, changes: Changes) -> None:
        """Repaint the panes these changes show in. The caller holds the session's lock."""
        if self._wanted is not None and changes and self._go_now(*self._wanted):
            self._wanted = None
        for name in self.shown:
            pane = self.panes[name]
            if changes.reset:
                pane.forget()
            if pane.source.touched(changes) or pane.aged():
                pane.touch()


def _name(lines: Lines) -> Pane:
    name: Pane = lines.id  # type: ignore[assignment]
    return name

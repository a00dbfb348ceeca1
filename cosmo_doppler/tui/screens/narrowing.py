"""What a person does with the filter."""

from __future__ import annotations

import re

from textual import on

from cosmo_doppler.query import Completions, QueryError, compile_filter, completions
from cosmo_doppler.query.ast import Compare, write
from cosmo_doppler.query.patterns import MAX_SEEN
from cosmo_doppler.query.values import as_text
from cosmo_doppler.tui import words
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import named_filters
from cosmo_doppler.tui.panes.inspector import InspectorRows
from cosmo_doppler.tui.screens.saving import SavedFilterActions
from cosmo_doppler.tui.widgets.filter_bar import FilterBar
from cosmo_sdk.signal_types import SignalType

_STEP = re.compile(r"[\w-]+")
_LONGEST = 200
"""Characters of a value that is filtered on."""

_NOUNS: dict[View, str] = {
    "traces": "traces",
    "auctions": "auctions",
    "registry": "participants",
    "coordination": "objects",
}
"""What is counted where it is not signals."""

_WORD = re.compile(r"[\w.-]+")
_OFFERED = 200
"""Known values that completion chooses from."""


class FilterActions(SavedFilterActions):
    """Write it, clear it, make it of what the cursor is on, and go from hit to hit."""

    def action_filter(self) -> None:
        """Write a filter."""
        self.filter_bar.write()

    def narrow(self, text: str) -> None:
        """Set a filter; an empty text clears it.

        Raises:
            QueryError: it cannot be meant.
        """
        wanted = compile_filter(text, named_filters(self.app)) if text.strip() else None
        with self.session.lock:
            self.scene.filtering.use(wanted)
        self.filter_bar.show("" if wanted is None else wanted.text)
        self.turn()

    def clear_filter(self) -> bool:
        """Show everything again. False when everything is shown."""
        if self.scene.filtering.wanted is None:
            return False
        self.narrow("")
        return True

    def show_from_now_on(self) -> None:
        """Hide all that has come so far; nothing of it is forgotten."""
        with self.session.lock:
            position = self.session.timeline.position
        self.narrow(f"seq>={position}")

    @on(FilterBar.Changed)
    def _filter_changed(self, message: FilterBar.Changed) -> None:
        """The last filter that can be meant stays in force while one writes."""
        message.stop()
        bar, text = message.bar, message.text
        try:
            wanted = compile_filter(text, self.scene.named()) if text.strip() else None
        except QueryError as error:
            # Half a word is no mistake yet.
            if not bar.offer(error.position):
                bar.tell(str(error), wrong=True)
            return
        with self.session.lock:
            self.scene.filtering.use(wanted)
        if wanted is not None and wanted.sees < MAX_SEEN:
            bar.tell(f"a pattern like this looks at the first {wanted.sees:,} characters of a text")
        elif not bar.offer(len(text)):
            bar.tell("")
        self.turn()

    @on(FilterBar.Left)
    def _filter_left(self, message: FilterBar.Left) -> None:
        message.stop()
        try:
            self.narrow(message.text)
        except QueryError as error:
            self.filter_bar.show(self.scene.filtering.text)
            self.say(str(error))

    def completions_of_filter(self, text: str, position: int) -> Completions:
        """What can stand at a place of the filter."""
        with self.session.lock:
            return completions(text, position, self._known_values, self.scene.named())

    def _known_values(self, field: str) -> list[str]:
        board, store = self.scene.board, self.session.store
        found: list[str] = []
        if field == "who":
            found = [*board.roster, *(name for name in store.column("who")[1] if name not in board.roster)]
        elif field == "cap":
            found = sorted({each for one in board.roster.values() for each in one.capabilities})
        elif field == "trace":
            found = [each[-8:] for each in board.trace_order[: -_OFFERED - 1 : -1]]
        elif field in ("ns", "subject"):
            subjects = store.column("subject")[1]
            found = (
                sorted({each.split(".")[1] for each in subjects if "." in each})
                if field == "ns"
                else subjects
            )
        return [each for each in found[:_OFFERED] if each.isprintable() and not set(each) & set(' ()"')]

    def filter_state(self) -> str:
        """What the filter leaves, in a few words. The session's lock must be held."""
        filtering = self.scene.filtering
        if filtering.hits is None:
            return ""
        parts = []
        view = self.stage.view
        shown, whole = {
            "traces": (len(filtering.traces), len(self.scene.board.trace_order)),
            "auctions": (len(filtering.auctions), len(self.scene.board.auction_order)),
            "registry": (len(filtering.people), len(self.scene.board.roster)),
            "coordination": (len(filtering.objects), len(self.scene.board.coordination)),
        }.get(view, (len(filtering.hits), self.session.timeline.position))
        noun = _NOUNS.get(view, "signals")
        if filtering.hits.searching is not None:
            parts.append(f"searching {filtering.hits.searching:.0%}")
        parts.append(f"{words.count(shown)} of {words.count(whole)} {noun}")
        if filtering.hidden:
            parts.append(f"{words.count(filtering.hidden)} new hidden")
        parts.append("esc clears")
        room = max(20, self.size.width * 6 // 10 - 4)
        while len(parts) > 1 and len("   ".join(parts)) > room:
            parts.pop()
        return "   ".join(parts)

    # From what the cursor is on

    def _under_cursor(self) -> list[Compare]:
        """Conditions that hold for what the cursor is on, the likeliest to be meant first."""
        pane, scene = self.stage.focused, self.scene
        if pane == "inspector" and (inside := self._inside()) is not None:
            return [inside]
        seen = scene.observed(scene.seq)
        found = []
        if pane in ("traces", "auctions", "pathway", "bids") and scene.trace_id:
            found.append(("trace", scene.trace_id))
        if seen is not None:
            header = seen.header
            told = [("type", header.type), ("who", header.who), ("trace", header.trace_id)]
            if pane == "registry":
                told = told[1:2]
            found = [*(told if pane not in ("traces", "auctions") else []), *found]
        return [_equal(field, value) for field, value in dict(reversed(found)).items() if value][::-1]

    def _inside(self) -> Compare | None:
        """The value in the line of the inspector that the cursor is on."""
        lines = self.stage.panes["inspector"]
        found = lines.source.value(lines.cursor) if isinstance(lines.source, InspectorRows) else None
        if found is None:
            return None
        path, value = found
        text = as_text(value)
        if text is None or len(text) > _LONGEST or not all(_STEP.fullmatch(str(step)) for step in path):
            return None
        return Compare(".".join(map(str, path)), ":", text, quoted=not _WORD.fullmatch(text))

    def action_filter_cursor(self) -> None:
        """Filter on the value under the cursor; again, and it is the next value of the same thing."""
        with self.session.lock:
            found = [write(each) for each in self._under_cursor()]
        if not found:
            self.say("Select something first; * shows only what is like it")
            return
        text = self.scene.filtering.text
        self.narrow(found[(found.index(text) + 1) % len(found)] if text in found else found[0])

    def action_ignore(self) -> None:
        """Hide signals of this type; in the registry those that name this participant."""
        with self.session.lock:
            found = [each for each in self._under_cursor() if each.field in ("type", "who")]
            if not found:
                self.say("Select a signal or a participant first; i hides those like it")
                return
            wanted = self.scene.filtering.without(write(found[0]), self.scene.named())
        self.narrow(wanted.text)

    def action_hit(self, step: int) -> None:
        """To the next signal that matches, or the one before."""
        with self.session.lock:
            hits, here = self.scene.filtering.hits, self.scene.seq
            found = None
            if hits is not None and len(hits):
                begin = -1 if here is None else here
                index = hits.index(begin + 1) if step > 0 else hits.index(max(0, begin)) - 1
                found = hits[index] if 0 <= index < len(hits) else None
            seen = self.scene.observed(found)
            trace_id = seen.header.trace_id if seen is not None else ""
            known = trace_id in self.scene.board.traces
        if hits is None:
            self.say("There is no filter; / writes one")
        elif found is None:
            self.say(f"No {'later' if step > 0 else 'earlier'} signal matches")
        elif self.stage.view == "signals" or not known:
            self.stage.go("signals", "signals", found)
        else:
            self.stage.go("traces", "traces", trace_id)
            self.stage.go("traces", "pathway", found)


def _equal(field: str, value: str) -> Compare:
    """That a field has a value, in as few letters as say so."""
    if field == "trace":
        value = value[-8:]
    plain = value in SignalType.__members__ if field == "type" else _WORD.fullmatch(value) is not None
    return Compare(field, ":", value, quoted=not plain)

"""The form behind `O`: put a task up for bids, or give it to somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from cosmo_doppler.controls import SOURCE, SOURCE_KEY
from cosmo_doppler.offers import LONGEST_WINDOW_MS, Kind, Template, read_input
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry, JsonArea
from cosmo_doppler.tui.modals.facts import neurons, usual_window_ms
from cosmo_doppler.tui.modals.form import Form, button
from cosmo_doppler.tui.modals.keeping import Keeping, TemplateSuggester, meant
from cosmo_doppler.tui.modals.offer_parts import (
    CapabilitySuggester,
    OfferDraft,
    Parent,
    needs_line,
    on_offer,
    read_capabilities,
)
from cosmo_doppler.tui.modals.offered import Offered, begun_with
from cosmo_doppler.tui.modals.parts import Choice, Field, prose, where
from cosmo_doppler.tui.offer_shelf import OfferShelf
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import many
from cosmo_sdk.bidding import Select

MAX_SHOWN = 400
"""Characters of the preview."""


class OfferForm(Form[OfferDraft]):
    """Compose a TASK_OFFER or a TASK.

    Args:
        session: where it would go.
        again: an auction's offer to begin with.
        shelf: earlier offers, through which up and down in the list of capabilities go, and templates that were kept.
        settings: templates that cannot be changed here.
        template: one to begin with.
        under: the selected signal, which may be made its cause.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the body, which scrolls with the same keys where the form is higher than the terminal.
        Binding("up", "earlier(1)", "an earlier offer, or the next template", show=False, priority=True),
        Binding("down", "earlier(-1)", "a later offer, or the template before", show=False, priority=True),
        Binding("ctrl+o", "keep", "keep as template", show=False),
    ]

    send_label: ClassVar[str] = "Send offer"
    DEFAULT_CSS = """
    OfferForm #input { height: 3; border: none; width: 1fr; }
    OfferForm.-tall #input { height: 6; }
    OfferForm.-middle #input { height: 2; }
    OfferForm.-middle #cause { margin-bottom: 0; }
    OfferForm.-short #input { height: 2; }
    OfferForm #window { width: 11; }
    OfferForm .hidden { display: none; }
    OfferForm #who { text-wrap: nowrap; text-overflow: ellipsis; }
    OfferForm #preview { color: $foreground-muted; height: auto; max-height: 2; margin-bottom: 0; }
    OfferForm.-tall #preview { max-height: 5; }
    OfferForm.-short #preview { max-height: 1; }
    """

    def __init__(
        self,
        session: Session,
        again: Offered | None = None,
        shelf: OfferShelf | None = None,
        settings: Sequence[Template] = (),
        template: Template | None = None,
        under: Parent | None = None,
    ) -> None:
        super().__init__("New offer", where(session))
        self._session = session
        self._again = again
        shelf = shelf if shelf is not None else OfferShelf()
        self._keeping = Keeping(session, shelf, settings)
        self._template = template
        self._earlier = [begun_with(made) for made in shelf.earlier]
        self._under = under
        self._said: tuple[str, object] = "", None
        """What came of a key, and what was filled in then: it stands until that changes."""
        self._place = -1
        """Which earlier offer is shown; -1 for what was there before the first look back."""
        self._begun: Offered | None = None
        """What was there, while an earlier offer is shown."""

    def compose_body(self) -> ComposeResult:
        """Kind, who, what, how, and what will go out."""
        kinds: list[tuple[str, Kind]] = [("offer for bids", "offer"), ("task for one", "task")]
        yield Field("Kind", Choice[Kind](kinds, id="kind"), close=True)
        kept = len(self._keeping.templates)
        hint = (
            f"{many(kept, 'template')}: up, or type a name and enter" if kept else "a name to keep this under"
        )
        suggester = TemplateSuggester(lambda: self._keeping.templates)
        name = Entry(id="template", placeholder=hint, suggester=suggester)
        yield Field("Template", name)
        yield Field("Neuron", Entry(id="neuron", placeholder="anybody able"), id="to")
        yield Field(
            "Needs",
            Entry(
                needs_line(self._again.capabilities) if self._again is not None else "",
                id="needs",
                placeholder="capabilities, comma between" + ("; up: earlier offers" if self._earlier else ""),
                suggester=CapabilitySuggester(self._session),
            ),
            close=True,
        )
        yield prose(id="who", classes="hint")
        yield Field(
            "Input",
            JsonArea(self._again.input_text if self._again is not None else '{"text": ""}', id="input"),
        )
        strategies: list[tuple[str, Select]] = [
            ("first bid", "first_bid"),
            ("lowest cost", "lowest_cost"),
            ("most confident", "highest_confidence"),
        ]
        guess = "a guess" if self._again is not None and self._again.select is not None else ""
        yield Field("Award to", Choice[Select](strategies, id="select"), unit=guess, id="choose", close=True)
        asked_ms = self._again.window_ms if self._again is not None else 0
        window = str(min(asked_ms or usual_window_ms(self._session), LONGEST_WINDOW_MS))
        yield Field(
            "Window", Entry(window, id="window", restrict=r"\d{0,7}"), unit="ms", id="wait", close=True
        )
        traces: list[tuple[str, Parent | None]] = [("a new one", None)]
        if self._under is not None:
            traces.append((f"{short_id(self._under.trace_id)}, caused by the selected signal", self._under))
        yield Field("Trace", Choice[Parent | None](traces, id="trace"), id="cause")
        yield prose(id="preview")

    def on_mount(self) -> None:
        """Start typing inside the quotes, or take over how the earlier round was probably decided."""
        if self._template is not None:
            self._take(self._template)
        elif self._again is None:
            self.query_one("#input", TextArea).move_cursor((0, 10))
        elif self._again.select is not None:
            self.query_one("#select", Choice).choose(self._again.select)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Earlier offers and templates have their fields; elsewhere these keys mean what they mean there."""
        return action != "earlier" or self.focused in (self.query_one("#needs"), self.query_one("#template"))

    def action_earlier(self, step: int) -> None:
        """Fill the form with the offer before, or the one after; after the newest comes what was there."""
        if self.focused is self.query_one("#template"):
            self._next_template(step)
            return
        place = self._place + step
        if not -1 <= place < len(self._earlier):
            return
        if self._place == -1:
            self._begun = self._filled()
        self._place = place
        shown = self._earlier[place] if place >= 0 else self._begun
        assert shown is not None
        self._fill(shown)

    def _fill(self, shown: Offered) -> None:
        self.query_one("#kind", Choice).choose(shown.kind)
        self.query_one("#neuron", Input).value = safe(shown.neuron)
        self.query_one("#needs", Input).value = needs_line(shown.capabilities)
        self.query_one("#input", TextArea).text = shown.input_text
        self.query_one("#window", Input).value = str(shown.window_ms or usual_window_ms(self._session))
        if shown.select is not None:
            self.query_one("#select", Choice).choose(shown.select)

    def _filled(self) -> Offered:
        text, select = self.query_one("#input", TextArea).text, self.query_one("#select", Choice).value
        return Offered(tuple(self._needs), text, self._window_ms, select, self._kind, self._neuron)

    # -- templates

    @property
    def _template_name(self) -> str:
        return self.query_one("#template", Input).value.strip()

    def _take(self, template: Template) -> None:
        """Fill the form with a template."""
        name = self.query_one("#template", Input)
        name.value = template.name
        name.cursor_position = len(template.name)
        self._fill(begun_with(template))

    def _next_template(self, step: int) -> None:
        known = self._keeping.templates
        names = [each.name for each in known]
        here = names.index(self._template_name) if self._template_name in names else -1 if step > 0 else 0
        if known:
            self._take(known[(here + step) % len(known)])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the name of a template fills the form with it; a name nobody knows is left for keeping."""
        if event.input.id == "template" and self._template_name:
            found = meant(self._keeping.templates, self._template_name)
            if found is None:
                self._say(
                    f"No template begins with {safe(self._template_name, 60)}; ctrl+o keeps this form under it"
                )
                event.prevent_default()
                return
            self._take(found)

    def action_keep(self) -> None:
        """Keep the form as it stands under the name in its field."""
        if self.deaf:
            return
        name = self._template_name
        if not name:
            self.query_one("#template", Input).focus()
        self._say(self.problem() or self._keeping.keep(name, self.draft()))

    def _say(self, sentence: str) -> None:
        self._said = sentence, self._all_filled()
        self.check()

    def _all_filled(self) -> object:
        return self._filled(), self._template_name

    # -- the form

    def compose_buttons(self) -> Iterator[Button]:
        """Keeping first, far from what sends."""
        yield button("Keep (ctrl+o)", "keep")
        yield from super().compose_buttons()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Keeping does not leave the form."""
        if event.button.id == "keep":
            event.prevent_default()
            self.action_keep()

    def first(self) -> Widget:
        """A field, where enter only goes on."""
        return self.query_one("#needs", Input)

    def refresh_form(self) -> None:
        """Show the fields of the kind, who is able, and the signal as it will go out."""
        kind = self._kind
        self.query_one("#to").set_class(kind != "task", "hidden")
        self.query_one("#choose").set_class(kind != "offer", "hidden")
        self.query_one("#wait").set_class(kind != "offer", "hidden")
        again = self._again is not None and kind == "offer"
        self.query_one("#what", Static).update(Content("Offer again" if again else f"New {kind}"))
        self.query_one("#send", Button).label = Content(f"Send {kind}")
        self.query_one("#who", Static).update(Content(self._who_is_able()))
        self.query_one("#preview", Static).update(Content(self._preview()))

    def problem(self) -> str:
        """Why this cannot be sent."""
        _, not_json = read_input(self.query_one("#input", TextArea).text)
        if not_json:
            return not_json
        if self._kind == "task" and not (self._neuron or self._needs):
            return "A task needs a neuron, or the capabilities it takes"
        if self._kind == "offer" and not 1 <= self._window_ms <= LONGEST_WINDOW_MS:
            return f"Window must be 1 to {LONGEST_WINDOW_MS} ms"
        return ""

    def told(self) -> str:
        """What became of a template."""
        sentence, filled = self._said
        return sentence if sentence and filled == self._all_filled() else ""

    def draft(self) -> OfferDraft:
        """What was filled in."""
        return OfferDraft(
            kind=self._kind,
            capabilities=self._needs,
            input=read_input(self.query_one("#input", TextArea).text)[0],
            select=self.query_one("#select", Choice).value,
            window_ms=self._window_ms,
            neuron=self._neuron,
            parent=self.query_one("#trace", Choice).value if self._under is not None else None,
        )

    @property
    def _kind(self) -> Kind:
        kind: Kind = self.query_one("#kind", Choice).value
        return kind

    @property
    def _needs(self) -> list[str]:
        return read_capabilities(self.query_one("#needs", Input).value)

    @property
    def _neuron(self) -> str:
        return self.query_one("#neuron", Input).value.strip() if self._kind == "task" else ""

    @property
    def _window_ms(self) -> int:
        return int(self.query_one("#window", Input).value or 0)

    def _who_is_able(self) -> str:
        """Who would be reached, or what may be asked for."""
        here = neurons(self._session)
        if self._neuron:
            known = any(neuron.id == self._neuron for neuron in here)
            return "live" if known else "nobody of that name is heard"
        if not self._needs:
            names = ", ".join(safe(capability, 40) for capability in on_offer(here)[:12])
            if self._kind == "offer":
                everybody = f"{many(len(here), 'neuron')} here, all may bid"
                return f"{everybody} · {names}" if names else everybody
            return names or "no capabilities announced yet"
        able = [neuron for neuron in here if neuron.capabilities.issuperset(self._needs)]
        verb = "can bid" if self._kind == "offer" else "can take it"
        if not able:
            names = ", ".join(safe(capability, 40) for capability in on_offer(here)[:12])
            return f"nobody live {verb} · here: {names}" if names else f"nobody live {verb}"
        return f"{len(able)} live {verb}: " + ", ".join(safe(neuron.id, 40) for neuron in able[:12])

    def _preview(self) -> str:
        """The signal as it will go out, but for its ids and time."""
        draft = self.draft()
        payload: dict[str, Any] = {"input": draft.input}
        if draft.capabilities:
            payload["capabilities"] = draft.capabilities
        envelope: dict[str, Any] = {"type": "TASK" if draft.kind == "task" else "TASK_OFFER"}
        if draft.kind == "offer":
            payload["deadline_ms"] = draft.window_ms
        else:
            payload["finalize"] = True
        if draft.neuron:
            envelope["directed"] = {"id": draft.neuron}
        if draft.parent is not None:
            envelope |= {"trace_id": draft.parent.trace_id, "parent_id": draft.parent.event_id}
        envelope |= {"payload": payload, "meta": {SOURCE_KEY: SOURCE}}
        return safe(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")), MAX_SHOWN)

"""The form behind `x`: a part of what is seen, into a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from cosmo_doppler.export import Format, Selection
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice, Field, prose
from cosmo_doppler.tui.safe import safe, short_id

What = Literal["trace", "auction", "everything", "screen"]

Kind = Format | Literal["svg"]
"""How something may be written: as one of these, or as a picture."""

_SUFFIXES: dict[Format, str] = {"ndjson": "ndjson", "md": "md", "csv": "csv", "otlp": "json", "py": "py"}


@dataclass(frozen=True)
class ExportDraft:
    """What goes where."""

    path: Path
    what: What
    kind: Format
    """Has no meaning for the screen, which is always an SVG."""


class ExportForm(Form[ExportDraft]):
    """Choose what to write, as what, and where.

    Args:
        session: what is looked at.
        selection: the trace and the auction on the screen, where there are any.
        auctions_first: begin with the auction where there is one.
        kind: begin with what can be written as this, and as this; `svg` is the screen.
    """

    cancel_label: ClassVar[str] = "Not now"
    send_label: ClassVar[str] = "Write"
    ready: ClassVar[str] = "ctrl+s writes it, esc leaves"
    DEFAULT_CSS = """
    ExportForm .hidden { display: none; }
    ExportForm #about { text-wrap: nowrap; text-overflow: ellipsis; width: 1fr; }
    """

    def __init__(
        self,
        session: Session,
        selection: Selection,
        *,
        auctions_first: bool = False,
        kind: Kind | None = None,
    ) -> None:
        super().__init__("Export", safe(session.title, 60))
        self._session = session
        self._selection = selection
        self._auctions_first = auctions_first
        self._first_kind = kind
        self._proposed = ""

    def compose_body(self) -> ComposeResult:
        """What, as what, where."""
        things: list[tuple[str, What]] = [("everything", "everything"), ("the screen", "screen")]
        if self._selection.offer_id is not None:
            things.insert(0, ("this auction", "auction"))
        if self._selection.trace_id is not None:
            auction_leads = self._auctions_first and self._selection.offer_id is not None
            things.insert(1 if auction_leads else 0, ("this trace", "trace"))
        kinds: list[tuple[str, Format]] = [
            ("signals", "ndjson"),
            ("a page", "md"),
            ("bids", "csv"),
            ("spans", "otlp"),
        ]
        if self._selection.offer_id is not None:
            kinds.append(("a pytest file", "py"))
        yield Field("Write", Choice[What](things, id="thing"), close=True)
        yield Field("", prose(id="about", classes="quiet"))
        yield Field("As", Choice[Format](kinds, id="kind"), id="kinds")
        yield Field("File", Entry(id="path"))

    def on_mount(self) -> None:
        """Choose what was asked for; what cannot be written so is left to be said by the form."""
        kind = self._first_kind
        if kind is None:
            return
        things: dict[Kind, What] = {"csv": "everything", "svg": "screen", "py": "auction"}
        if kind in things:
            self.query_one("#thing", Choice).choose(things[kind])
        self.query_one("#kind", Choice).choose(kind)

    def first(self) -> Widget:
        """The choice of the thing."""
        return self.query_one("#thing", Choice)

    def refresh_form(self) -> None:
        """Say what it is about, and propose a name as long as nobody wrote one."""
        self.query_one("#kinds").set_class(self._what == "screen", "hidden")
        self.query_one("#about", Static).update(Content(self._about()))
        entry = self.query_one("#path", Input)
        if entry.value in ("", self._proposed):
            self._proposed = str(unused(Path(self._proposal())))
            if entry.value != self._proposed:
                entry.value = self._proposed

    def problem(self) -> str:
        """Why it cannot be written."""
        if self._what == "everything" and self._kind == "md":
            return "A page is about one trace or one auction"
        if self._what in ("trace", "everything") and self._kind == "py":
            return "A pytest file is about one auction"
        if self._what == "auction" and self._kind == "otlp":
            return "Spans are of one trace or of everything"
        path = self._path
        if path is None:
            return "Name a file"
        if path.exists():
            return f"{safe(str(path), 100)} exists"
        return "" if path.parent.is_dir() else f"There is no directory {safe(str(path.parent), 100)}"

    def draft(self) -> ExportDraft:
        """What goes where."""
        path = self._path
        assert path is not None
        return ExportDraft(path, self._what, self._kind)

    def _about(self) -> str:
        with self._session.lock:
            board = self._session.timeline.board
            trace = board.traces.get(self._selection.trace_id or "")
            auction = board.auctions.get(self._selection.offer_id or "")
            known = self._session.timeline.position
        if self._what == "trace" and trace is not None:
            return f"{short_id(trace.id)}  {safe(trace.title, 200)}"
        if self._what == "auction" and auction is not None:
            return f"{short_id(auction.offer_id)}  {safe(' '.join(auction.capabilities), 200)}"
        return f"{known:,} signals" if self._what == "everything" else "as it stands, as SVG"

    def _proposal(self) -> str:
        ids = {"trace": self._selection.trace_id, "auction": self._selection.offer_id}
        id = "".join(glyph for glyph in (ids.get(self._what) or "")[-8:] if glyph.isalnum())
        if self._what == "auction" and self._kind == "py":
            return f"test_auction_{id.lower()}.py"
        suffix = "svg" if self._what == "screen" else _SUFFIXES[self._kind]
        stem = {"trace": "trace", "auction": "auction", "everything": "session", "screen": "doppler"}[
            self._what
        ]
        return f"{stem}-{id}.{suffix}" if id else f"{stem}.{suffix}"

    @property
    def _what(self) -> What:
        what: What = self.query_one("#thing", Choice).value
        return what

    @property
    def _kind(self) -> Format:
        kind: Format = self.query_one("#kind", Choice).value
        return kind

    @property
    def _path(self) -> Path | None:
        text = self.query_one("#path", Input).value.strip()
        try:
            return Path(text).expanduser() if text else None
        except RuntimeError:
            return Path(text)


def unused(path: Path) -> Path:
    """The path, or the first of `name-2.md`, `name-3.md` that does not exist."""
    number, free = 2, path
    while free.exists():
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free

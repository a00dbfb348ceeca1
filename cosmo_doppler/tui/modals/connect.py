"""The form shown when no bus answers: another bus, the demo, a recording, or how to start a bus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input

from cosmo_doppler.errors import SettingError
from cosmo_doppler.session.live import check_namespace
from cosmo_doppler.settings import DEFAULT_NAMESPACE, DEFAULT_URL
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice, Field, prose
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.errors import MissingExtra
from cosmo_sdk.synapse import synapse_from_url

Place = Literal["bus", "demo", "recording"]

START_COMMAND = "cosmo synapse start"
"""What starts a bus at the default address."""

_NAMED = 3
"""Buses named at once, of those that were watched."""

_VERBS: dict[Place, str] = {"bus": "Attach", "demo": "Run demo", "recording": "Open"}


@dataclass(frozen=True)
class ConnectChoice:
    """Where to look. The app opens a session from it."""

    place: Place
    url: str = ""
    """Of the bus; empty for the others."""
    namespace: str = ""
    path: Path | None = None
    """Of the recording; None for the others."""


class ConnectForm(Form[ConnectChoice]):
    """Choose what to look at.

    Args:
        url: of the bus that is proposed.
        namespace: there.
        known: URL and namespace of buses that were watched, through which up and down in the address go; the latest
            first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier(1)", "a bus watched earlier", show=False, priority=True),
        Binding("down", "earlier(-1)", "a bus watched later", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    ConnectForm .hidden { display: none; }
    ConnectForm #command { text-style: bold; width: auto; }
    """
    cancel_label: ClassVar[str] = "Not now"
    send_label: ClassVar[str] = "Attach"
    ready: ClassVar[str] = "ctrl+s goes there, esc leaves"

    def __init__(
        self,
        url: str = DEFAULT_URL,
        namespace: str = DEFAULT_NAMESPACE,
        known: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__("Connect")
        self._url = url
        self._namespace = namespace
        self._buses = [(url, namespace), *(each for each in known if each != (url, namespace))]
        self._place_in_buses = 0

    def compose_body(self) -> ComposeResult:
        """The three places, and the way to a fourth."""
        places: list[tuple[str, Place]] = [
            ("a bus", "bus"),
            ("the demo market", "demo"),
            ("a recording", "recording"),
        ]
        yield Field("Look at", Choice[Place](places, id="place"))
        yield Field("Address", Entry(self._url, id="url"), id="of-bus", close=True)
        others = len(self._buses) > 1
        yield Field("Namespace", Entry(self._namespace, id="namespace"), id="in-bus", close=others)
        yield prose(self._earlier(), id="earlier", classes="hint")
        yield Field("File", Entry(id="path", placeholder="session.ndjson"), id="of-file")
        yield prose(
            "Real agents trade on a bus inside this program. Nothing leaves it.", id="of-demo", classes="hint"
        )
        yield Field("No bus?", prose(self._start_command(), id="command"), close=True)
        yield prose("in another terminal starts one, and Doppler finds it.", classes="hint close")

    def _earlier(self) -> str:
        """Which buses the arrow keys bring."""
        others = self._buses[1:]
        named = ", ".join(f"{namespace} {url.partition('://')[2]}" for url, namespace in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        return safe(f"↑ ↓ in the address: {named}{more}", 300) if others else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Earlier buses have their field; elsewhere these keys mean what they mean there."""
        return action != "earlier" or self.focused is self.query_one("#url")

    def action_earlier(self, step: int) -> None:
        """Put the bus before, or the one after, in the fields."""
        place = self._place_in_buses + step
        if 0 <= place < len(self._buses):
            self._place_in_buses = place
            for field, text in zip(("url", "namespace"), self._buses[place], strict=True):
                self.query_one(f"#{field}", Input).value = safe(text, 300)

    def _start_command(self) -> str:
        """The command that starts a bus where we look for one."""
        namespace = "" if self._namespace == DEFAULT_NAMESPACE else f" -n {safe(self._namespace, 60)}"
        return START_COMMAND + namespace

    def first(self) -> Widget:
        """The choice of the place."""
        return self.query_one("#place", Choice)

    def refresh_form(self) -> None:
        """Show the fields of the chosen place."""
        place = self._place
        for field, of in (
            ("of-bus", "bus"),
            ("in-bus", "bus"),
            ("of-file", "recording"),
            ("of-demo", "demo"),
        ):
            self.query_one(f"#{field}").set_class(place != of, "hidden")
        self.query_one("#earlier").set_class(place != "bus" or len(self._buses) == 1, "hidden")
        self.query_one("#send", Button).label = Content(_VERBS[place])

    def problem(self) -> str:
        """Why this cannot be opened."""
        if self._place == "recording":
            path = self._path
            if path is None:
                return "Name a recording"
            return "" if path.is_file() else f"There is no file {safe(str(path), 100)}"
        if self._place == "bus":
            try:
                synapse_from_url(self._value("url"))
                check_namespace(self._value("namespace"))
            except (ValueError, MissingExtra, SettingError) as error:
                return safe(str(error), 150)
        return ""

    def draft(self) -> ConnectChoice:
        """Where to look."""
        if self._place == "bus":
            return ConnectChoice("bus", self._value("url"), self._value("namespace"))
        return ConnectChoice(self._place, path=self._path if self._place == "recording" else None)

    @property
    def _place(self) -> Place:
        place: Place = self.query_one("#place", Choice).value
        return place

    @property
    def _path(self) -> Path | None:
        text = self._value("path")
        try:
            return Path(text).expanduser() if text else None
        except RuntimeError:
            # `~nobody/file`: no such home.
            return Path(text)

    def _value(self, id: str) -> str:
        return self.query_one(f"#{id}", Input).value.strip()

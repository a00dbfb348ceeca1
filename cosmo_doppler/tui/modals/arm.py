"""The form behind `!`: may Doppler send to a bus that others share?"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from textual.app import App, ComposeResult

from cosmo_doppler.session import Session
from cosmo_doppler.session.session import ELSEWHERE
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Field, prose
from cosmo_doppler.tui.safe import safe


class ArmForm(Form[Literal[True]]):
    """Say yes to sending."""

    cancel_label: ClassVar[str] = "Look only"
    send_label: ClassVar[str] = "Allow sending"
    ready: ClassVar[str] = "ctrl+s allows it, esc goes on looking"

    def __init__(self, session: Session) -> None:
        super().__init__("Send to this bus")
        self._session = session

    def compose_body(self) -> ComposeResult:
        """Which bus it is."""
        yield Field("Bus", prose(safe(self._session.title, 200)), close=True)
        yield Field("Namespace", prose(safe(self._session.namespace, 200)))
        yield prose(
            "Others share it. Each offer, STOP and answer still asks before it goes out.", classes="hint"
        )

    def draft(self) -> Literal[True]:
        """Yes."""
        return True


async def arm(app: App[Any], session: Session) -> None:
    """Look only, or send again; on a bus that is not on this machine only after a yes. Must run in a worker."""
    if session.kind == "replay":
        app.notify(session.read_only_reason, markup=False)
    elif session.armed:
        session.arm(False)
        app.notify("Looking only; ! lets you send again", markup=False)
    elif session.read_only_reason == ELSEWHERE and not await app.push_screen_wait(ArmForm(session)):
        return
    else:
        session.arm(True)
        app.notify("What you send goes out now; ! ends that", markup=False)

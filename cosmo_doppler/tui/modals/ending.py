"""The form behind `Q`: end what stands in a coordination store, where a store was given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from cosmo_doppler.by_hand import ControlError
from cosmo_doppler.session import Session
from cosmo_doppler.steward import Deed, DeedName, Steward
from cosmo_doppler.tui.modals.acting import apart, tell
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice, Field, prose
from cosmo_doppler.tui.safe import fit_middle, safe

PATIENCE_S = 3.0
"""How long a mirror may take to tell of what was done, seconds."""

_LOOK_S = 0.1


@dataclass(frozen=True)
class Ending:
    """An object, as the form names it."""

    kind: str
    id: str
    store: str
    about: str
    """What it is about, one line, safe."""
    deeds: Sequence[Deed]


class EndForm(Form[DeedName]):
    """Confirm what is to be done to an object in its store.

    Args:
        ending: the object, and what may be done.
        where: the store.
    """

    cancel_label: ClassVar[str] = "Leave it"
    send_label: ClassVar[str] = "Do it"
    ready: ClassVar[str] = "ctrl+s does it in the store, esc leaves it as it is"

    def __init__(self, ending: Ending, where: str) -> None:
        super().__init__(f"{ending.kind.capitalize()} {safe(ending.id, 60)}", fit_middle(safe(where), 36))
        self._ending = ending

    def compose_body(self) -> ComposeResult:
        """What it is, and what may be done."""
        yield Field("About", prose(self._ending.about or "nothing is known of it", id="about"))
        yield Field("Do", Choice([(deed.name, deed) for deed in self._ending.deeds], id="deed"), close=True)
        yield prose(id="meaning", classes="hint")

    def refresh_form(self) -> None:
        """Say what follows from it."""
        self.query_one("#meaning", Static).update(Content(self._deed.meaning))

    def draft(self) -> DeedName:
        """What to do."""
        return self._deed.name

    @property
    def _deed(self) -> Deed:
        chosen: Choice[Deed] = self.query_one("#deed", Choice)
        return chosen.value


async def end_object(app: App[Any], session: Session, steward: Steward, ending: Ending) -> None:
    """Ask what shall be done to an object, and do it in its store."""
    deed = await app.push_screen_wait(EndForm(ending, steward.where))
    if deed is not None:
        apart(app, partial(_do, app, session, steward, deed, ending.id))


async def _do(app: App[Any], session: Session, steward: Steward, deed: DeedName, subject: str) -> None:
    """Do it, say what came of it, and whether a mirror tells of it."""
    try:
        said = await asyncio.to_thread(steward.do, deed, subject)
        revision = await asyncio.to_thread(steward.revision)
    except ControlError as error:
        tell(app, str(error))
        return
    told = False
    for _ in range(round(PATIENCE_S / _LOOK_S)):
        if told := _is_told(session, steward.store_id, revision):
            break
        await asyncio.sleep(_LOOK_S)
    unseen = "; nobody mirrors the store here, so this screen does not show it: cosmo coord mirror does"
    tell(app, f"{said}{'' if told else unseen}")


def _is_told(session: Session, store_id: str, revision: int) -> bool:
    """Whether a mirror has told of everything up to a revision."""
    with session.lock:
        store = session.timeline.board.coordination.stores.get(store_id)
        return store is not None and store.rev >= revision

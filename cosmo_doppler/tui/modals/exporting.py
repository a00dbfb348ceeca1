"""From `x` to a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.app import App

from cosmo_doppler.errors import ExportError
from cosmo_doppler.export import Selection, exported, write_new
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.export import ExportDraft, ExportForm, Kind
from cosmo_doppler.tui.safe import safe


async def export_selection(
    app: App[Any],
    session: Session,
    selection: Selection,
    *,
    auctions_first: bool = False,
    kind: Kind | None = None,
) -> None:
    """Ask what to write, write it without holding up the screen, and say where it is. Must run in a worker."""
    form = ExportForm(session, selection, auctions_first=auctions_first, kind=kind)
    draft = await app.push_screen_wait(form)
    if draft is None:
        return
    try:
        if draft.what == "screen":
            picture = app.export_screenshot(title="Doppler").encode()
            await asyncio.to_thread(write_new, draft.path, [picture])
        else:
            await asyncio.to_thread(_write, session, selection, draft)
    except ExportError as error:
        app.notify(safe(str(error), 300), markup=False)
    except KeyError:
        app.notify("That is not known any more at this point of time", markup=False)
    else:
        app.notify(f"Wrote {safe(str(_short(draft.path)), 200)}", markup=False)


def _write(session: Session, selection: Selection, draft: ExportDraft) -> None:
    chosen = {
        "trace": Selection(trace_id=selection.trace_id),
        "auction": Selection(offer_id=selection.offer_id),
    }.get(draft.what, Selection())
    write_new(draft.path, exported(session, chosen, draft.kind))


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path

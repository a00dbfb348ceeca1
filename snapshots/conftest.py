"""Pictures of the screen, kept beside the tests that draw them: `snapshots/` is the gallery.

Every picture comes from a recording in `data/` or from a session that never moves, so nothing on it depends on the
clock. They are only comparable under the versions pinned in `pyproject.toml`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
import pytest_textual_snapshot
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cosmo_bus.recording import read_recording
from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.session import Session, Timeline, load_all, open_replay
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look
from cosmo_doppler.tui.modals import answer
from cosmo_doppler.tui.modals.form import Form
from tests import quiet

DATA = Path(__file__).parent / "data"
PINNED_TEXTUAL = "8.2.8"
PINNED_PYTHON = (3, 11)
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


class BesideTheTest(pytest_textual_snapshot.SVGImageExtension):
    """Stores `snapshots/test_x/<test>.svg`, whichever way pytest is called."""

    file_extension = "svg"

    @classmethod
    def dirname(cls, *, test_location: pytest_textual_snapshot.PyTestLocation) -> str:
        return str(Path(test_location.filepath).with_suffix(""))


@pytest.fixture(autouse=True, scope="session")
def _svgs_beside_their_test() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytest_textual_snapshot, "SVGImageExtension", BesideTheTest)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Pictures are only ever renewed under the pinned versions."""
    pinned = version("textual") == PINNED_TEXTUAL and sys.version_info[:2] == PINNED_PYTHON
    if config.getoption("update_snapshots", default=False) and not pinned:
        raise pytest.UsageError(
            f"--snapshot-update needs Python {'.'.join(map(str, PINNED_PYTHON))} and textual {PINNED_TEXTUAL}"
        )


@pytest.fixture(autouse=True)
def _pinned_textual() -> None:
    if version("textual") != PINNED_TEXTUAL:
        pytest.skip(f"pictures are compared under textual {PINNED_TEXTUAL} only")


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True, scope="session")
def _pilots_wait_until_it_is_quiet() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        quiet.install(patch)
        yield


@pytest.fixture(autouse=True)
def _forms_listen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Form, "GUARD_S", 0.001)
    monkeypatch.setattr(answer, "ARM_S", 0.001)


class Nowhere:
    """A source that says nothing."""

    async def run(self, session: Session) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def recording() -> Callable[..., Session]:
    """A session on a recording of the demo, standing at a moment given in seconds from its start."""

    def open_at(seconds: float | None = None) -> Session:
        session = open_replay(DATA / "demo.ndjson", paused=True)
        load_all(session)
        timeline = session.timeline
        if seconds is not None:
            timeline.seek_time(timeline.start_at + seconds)
            while timeline.seeking is not None:
                session.pump()
        return session

    return open_at


@pytest.fixture
def market() -> Callable[..., Session]:
    """The demo as it runs, at the moment its recording ends: its signals, and a clock that stands there."""

    def open_now() -> Session:
        session = Session(Nowhere(), kind="demo", title="demo at cosmo://127.0.0.1:7070", namespace="demo")
        for line in read_recording(DATA / "demo.ndjson"):
            session.store.append(line.at or 0.0, line.subject or "", line.frame)
        end = session.timeline.end_at
        session.timeline = Timeline(session.store, live=True, wall=lambda: end)
        session.report("live")
        while not session.timeline.at_end:
            session.pump()
        return session

    return open_now


@pytest.fixture
def standing() -> Callable[..., Session]:
    """A live session in one state, that nothing ever arrives in."""

    def build(state: str, **facts: object) -> Session:
        session = Session(Nowhere(), kind="live", title="cosmo://127.0.0.1:7070", namespace="dev")
        session.report(state, **facts)  # type: ignore[arg-type]
        return session

    return build


@pytest.fixture
def looks_the_same(snap_compare: Callable[..., bool]) -> Callable[..., None]:
    """Draws a session, presses keys, and compares with the kept picture; `says` must stand on the screen."""

    def compare(
        session: Session,
        size: str,
        *,
        view: View = "traces",
        press: tuple[str, ...] = (),
        says: tuple[str, ...] = (),
        select: str | None = None,
        look: Look | None = None,
        beside: Sequence[Session] = (),
        baseline: Baseline | None = None,
    ) -> None:
        app = DopplerApp(
            session,
            view=view,
            select=select,
            frame_rate=0,
            look=look,
            beside=beside,
            reference=Reference(baseline),
        )
        app.animation_level = "none"

        async def settle(pilot: Pilot[None]) -> None:
            for key in ("", *press):
                if key:
                    await pilot.press(key)
                for _ in range(2):
                    app.observatory.turn()
                    await pilot.pause()
                while isinstance(app.screen, Form) and app.screen.deaf:
                    await pilot.pause(0.001)
                await pilot.pause()
            for field in (*app.screen.query(Input), *app.screen.query(TextArea)):
                # Whether it can be seen must not depend on how fast the machine is.
                field.cursor_blink = False
            await pilot.pause()
            text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            for said in says:
                assert said in text, said

        assert snap_compare(app, terminal_size=SIZES[size], run_before=settle)

    return compare

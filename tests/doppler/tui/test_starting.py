"""What stands between the command and its first picture: every module that is imported before it is waited for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cosmo_bus.recording import RecordingWriter
from tests.doppler.tui.market import market

SCRIPT = """
import asyncio, sys
import cosmo_doppler.cli.doppler, cosmo_doppler.cli.screens
from pathlib import Path
from cosmo_doppler.session import load_all, open_replay
from cosmo_doppler.tui.app import DopplerApp

async def main():
    session = open_replay(Path(sys.argv[1]), paused=True)
    load_all(session)
    app = DopplerApp(session, frame_rate=0)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        shown = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "add the figures" in shown, shown
        print(*sorted(sys.modules))

asyncio.run(main())
"""

NOT_YET = (
    "cosmo_sdk._public",
    "cosmo_sdk.dendrite",
    "cosmo_sdk.synapse",
    "cosmo_sdk.engram",
    "cosmo_sdk.payloads",
    "cosmo_bus.client",
    "cosmo_bus.server",
    "cosmo_bus.wire",
    "cosmo_doppler.controls",
    "cosmo_doppler.demo",
    "cosmo_doppler.export",
    "cosmo_doppler.checking",
    "cosmo_doppler.session.live",
    "cosmo_doppler.cli.record",
    "cosmo_doppler.tui.modals",
    "cosmo_doppler.tui.outside",
    "cosmo_doppler.tui.palette",
    "cosmo_doppler.tui.screens.help",
    "cosmo_doppler.tui.panes.comparison",
    "cosmo_doppler.tui.panes.metrics",
    "cosmo_doppler.tui.panes.topology",
    "cosmo_doppler.tui.panes.two_rounds",
    "cosmo_doppler.tui.panes.what_if",
    "textual.widgets._text_area",
    "sqlite3",
    "nats",
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All modules there are once a recording is on the screen."""
    path: Path = tmp_path_factory.mktemp("start") / "session.ndjson"
    writer = RecordingWriter(path)
    for at, frame in market():
        writer.write(at, f"cosmonapse.dev.{frame['type']}", json.dumps(frame).encode())
    writer.close()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", NOT_YET)
def test_the_first_picture_of_a_recording_does_not_wait_for(module: str, imported: set[str]) -> None:
    assert "cosmo_doppler.tui.panes.sifted" in imported
    assert module not in imported

"""Words instead of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.commands import completions
from cosmo_doppler.tui.look import look_of
from tests.doppler.tui.hostile import assert_harmless
from tests.doppler.tui.showing import Shown, write


async def test_a_trace_by_the_end_of_its_id(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "trace 0TWO")
        await screen.press("enter")
        assert screen.stage.view == "traces"
        assert screen.scene.trace_id == f"trc_{'TWO':0>26}"
        assert not screen.app.observatory.prompt.asking


async def test_every_action_goes_by_its_name(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "view_registry")
        await screen.press("enter")
        await screen.app.workers.wait_for_complete()
        assert screen.stage.view == "registry"


async def test_tab_completes_names_and_what_follows_them(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "who a")
        await screen.press("tab", "enter")
        assert screen.stage.view == "registry"
        assert screen.stage.panes["registry"].cursor == "ada"
        assert completions(screen.scene, "thr") == []
        assert completions(screen.scene, "them") == ["theme"]
        assert completions(screen.scene, "theme c") == ["theme contrast"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("thme dark", "there is no command 'thme'; did you mean 'theme'?"),
        ("theme", "write theme NAME: Change the colours"),
        ("zoom now", "nothing follows zoom: Give the focused pane all the room, or take it back"),
        ("export pdf", "there is no export 'pdf'; there are ndjson, md, csv, otlp, py, svg"),
        ("theme pink", "there is no theme 'pink'; there are dark, light, contrast"),
        ("trace nope", "no trace here ends in 'nope'"),
        ("who adda", "nobody here is called 'adda'; did you mean 'ada'?"),
        ("seek soon", "'soon' is no place"),
        ("open /nowhere.ndjson", "nowhere.ndjson"),
        ("bus here", "none has 'here' in its name"),
        ("attach here", "name a bus"),
    ],
)
async def test_what_cannot_be_meant_stays_to_be_put_right(
    market_session: Session, shown: Shown, line: str, answer: str
) -> None:
    async with shown(market_session, size=(200, 30)) as screen:
        await write(screen, line)
        await screen.press("enter")
        assert answer in screen.text
        assert f":{line}" in screen.text.replace(": ", ":")
        await screen.press("escape")
        assert not screen.app.observatory.prompt.asking
        assert screen.stage.focused == "traces"


async def test_looks_change_at_once(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "ascii on")
        await screen.press("enter")
        assert screen.text.isascii()
        await write(screen, "theme light")
        await screen.press("enter")
        assert look_of(screen.app).theme == "light"
        assert look_of(screen.app).ascii


async def test_what_was_written_before_comes_back(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "theme light")
        await screen.press("enter", "colon", "up", "enter")
        assert look_of(screen.app).theme == "light"
        await screen.press("colon", "up", "down")
        assert "trace, seek, open" in screen.text


async def test_another_recording_is_opened(market_session: Session, shown: Shown, tmp_path: Path) -> None:
    async with shown(market_session) as screen:
        await write(screen, f"open {tmp_path}/session.ndjson")
        await screen.press("enter")
        await screen.pilot.pause()
        assert screen.app.session is not market_session


async def test_keys_typed_into_it_do_nothing_else(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "5qz?j")
        assert screen.stage.view == "traces"
        assert screen.stage.alone is None
        assert ":5qz?j" in screen.text.replace(": ", ":")
        assert_harmless(screen.app.screen._compositor.render_strips())


async def test_a_signal_is_marked_with_a_note_and_found_again(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", "j", "j", "m")
        await screen.pilot.press(*"odd", "enter")
        await screen.settle()
        assert [(mark.seq, mark.note) for mark in market_session.marks] == [(2, "odd")]
        assert "◆" in screen.text
        await screen.press("G", "U")
        assert screen.scene.seq == 2
        assert screen.lines[-1].strip() == "odd"
        await screen.press("u")
        assert "No later mark" in screen.lines[-1]
        await screen.press("m")
        assert "note odd" in screen.text
        await screen.pilot.press("backspace", "backspace", "backspace", "-", "enter")
        await screen.settle()
        assert list(market_session.marks) == []
        assert "◆" not in screen.text

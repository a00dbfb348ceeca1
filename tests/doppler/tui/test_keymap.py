from __future__ import annotations

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.actions import ACTIONS, action
from cosmo_doppler.tui.keymap import Keymap, KeymapError
from cosmo_doppler.tui.look import Look
from tests.doppler.tui.showing import Shown


def test_every_action_has_a_name_of_its_own() -> None:
    names = [entry.id for entry in ACTIONS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_no_two_actions_share_a_key() -> None:
    keys = [key for entry in ACTIONS for key in Keymap().keys(entry)]
    assert len(set(keys)) == len(keys)


def test_an_action_nobody_has_is_named_with_the_nearest_one() -> None:
    with pytest.raises(KeymapError, match="no action 'zom'; did you mean 'zoom'"):
        Keymap({"zom": "f11"})


def test_a_key_that_is_taken_is_named_with_its_owner() -> None:
    with pytest.raises(KeymapError, match="'q' is the key of 'leave' already"):
        Keymap({"zoom": "q"})


def test_keys_can_be_exchanged() -> None:
    keymap = Keymap({"zoom": "q", "leave": "z"})
    assert keymap.keys(action("zoom")) == ("q",)
    assert keymap.shown(action("leave")) == "z"


async def test_a_moved_key_works_and_help_and_footer_say_so(market_session: Session, shown: Shown) -> None:
    look = Look(keymap=Keymap({"help": "f1", "zoom": "number_sign, full_stop", "view_signals": ""}))
    async with shown(market_session, look=look, size=(160, 60)) as screen:
        await screen.press("f1")
        assert "# .  Give the focused pane all the room" in screen.text
        await screen.press("escape", "z")
        assert screen.stage.alone is None
        await screen.press("full_stop")
        assert screen.stage.alone == "traces"
        await screen.press("5")
        assert screen.stage.view == "traces"

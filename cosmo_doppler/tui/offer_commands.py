"""The words behind `:` that are about offers: begin one with a template, and keep a template no longer."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from cosmo_doppler.errors import SettingError
from cosmo_doppler.tui.command import Command
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene

if TYPE_CHECKING:
    from cosmo_doppler.tui.screens.observatory import Observatory


def _offer(observatory: Observatory, text: str) -> None:
    if not text:
        observatory.action_offer()
        return
    for template in observatory.scene.templates():
        if template.name == text:
            observatory.offer_from(template)
            return
    raise SettingError(_unknown(text, _names(observatory.scene)))


def _forget(observatory: Observatory, text: str) -> None:
    shelf = observatory.watched.shelf
    if not shelf.forget(text):
        if text in _names(observatory.scene):
            raise SettingError(f"the template {text!r} is in doppler.toml; take it out there")
        raise SettingError(_unknown(text, [each.name for each in shelf.templates]))
    observatory.say(shelf.problem or f"The template {safe(text)} is kept no longer")


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "O, then ctrl+o keeps an offer under a name"
    return f"there is no template {name!r}; {hint}"


def _names(scene: Scene) -> list[str]:
    return [each.name for each in scene.templates()]


OFFER_COMMANDS: tuple[Command, ...] = (
    Command("offer", "[NAME]", "Compose an offer, or begin with a template", _offer, _names),
    Command("forget_offer", "NAME", "Keep a template of offers no longer", _forget, _names),
)

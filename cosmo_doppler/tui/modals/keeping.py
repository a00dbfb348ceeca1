"""Templates in the form of an offer: found by the beginning of their names, and kept from what is filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from textual.suggester import Suggester

from cosmo_doppler.offers import Template
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.offer_parts import OfferDraft
from cosmo_doppler.tui.modals.offered import is_secret
from cosmo_doppler.tui.offer_shelf import MOST_KEPT, OfferShelf, with_settings
from cosmo_doppler.tui.safe import safe


class Keeping:
    """The templates one can choose from, and how another one joins them.

    Args:
        session: whose redaction holds.
        shelf: templates that were kept.
        settings: those of the settings, which cannot be changed here.
    """

    def __init__(self, session: Session, shelf: OfferShelf, settings: Sequence[Template]) -> None:
        self._session = session
        self._shelf = shelf
        self._settings = settings
        self._sure = ""
        """The name that keeping once more replaces."""

    @property
    def templates(self) -> list[Template]:
        """All of them, by name."""
        return with_settings(self._shelf.templates, self._settings)

    def keep(self, name: str, draft: OfferDraft) -> str:
        """Keep what is filled in under a name. What came of it, as a sentence that is ours or safe."""
        if not name:
            return "Write a name for it, then ctrl+o keeps it"
        if name in {each.name for each in self._settings}:
            return "doppler.toml has a template of this name: choose another"
        try:
            made = draft.composed()
            template = Template(name=name, **msgspec.structs.asdict(made))
        except ValueError as error:
            return f"Not kept: {safe(str(error), 200)}"
        if is_secret(self._session, made):
            return "Not kept: values that are to be redacted are never written to a file"
        if name in {each.name for each in self._shelf.templates} and self._sure != name:
            self._sure = name
            return f"There is a template {safe(name)}; ctrl+o once more replaces it"
        self._sure = ""
        if not self._shelf.keep(template):
            return f"Not kept: {MOST_KEPT} are kept already; :forget_offer NAME makes room"
        if self._shelf.problem:
            return f"Kept until you quit: {safe(self._shelf.problem, 200)}"
        return f"Kept: :offer {safe(name)} begins with it"


class TemplateSuggester(Suggester):
    """Completes the name of a template.

    Args:
        templates: asks for all there are.
    """

    def __init__(self, templates: Callable[[], Sequence[Template]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._templates = templates

    async def get_suggestion(self, value: str) -> str | None:
        """What was typed, and the rest of the first name that begins so, in whatever case; None when none does."""
        found = meant(self._templates(), value) if value else None
        return value + found.name[len(value) :] if found is not None else None


def meant(templates: Sequence[Template], typed: str) -> Template | None:
    """The template of that name, else the first whose name begins so; letters may be of the other case."""
    typed = typed.strip()
    exact = next((each for each in templates if each.name == typed), None)
    if exact is not None or not typed:
        return exact
    return next((each for each in templates if each.name.casefold().startswith(typed.casefold())), None)

"""Offers under a name: kept in the form, found again in another run, and sent as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.widgets import Input, TextArea

from cosmo_doppler.offers import Composed, Template
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.tui.look import Look
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice
from cosmo_doppler.tui.more_commands import more
from cosmo_doppler.tui.offer_shelf import OfferShelf
from tests.doppler.desk import Desk, at_the_desk

STORY = Composed(
    capabilities=("summarize",), input={"text": "höhle", "no": None}, select="lowest_cost", window_ms=60
)


async def summarize(input: dict[str, Any], context: object) -> dict[str, Any]:
    return {"summary": input["text"][:3]}


def fill_in(form: Form[Any], made: Composed) -> None:
    form.query_one("#needs", Input).value = ", ".join(made.capabilities)
    form.query_one("#input", TextArea).text = '{"text": "höhle", "no": null}'
    form.query_one("#select", Choice).choose(made.select)
    form.query_one("#window", Input).value = str(made.window_ms)


async def command(desk: Desk, line: str) -> None:
    await desk.pilot.press("colon")
    await desk.until(lambda: desk.app.observatory.prompt.asking)
    desk.app.observatory.prompt.query_one(Input).value = line
    await desk.pilot.press("enter")


async def opened(desk: Desk) -> Form[Any]:
    """The form that opens, once it takes keys."""
    await desk.until(lambda: isinstance(desk.app.screen, Form))
    form = desk.app.screen
    assert isinstance(form, Form)
    await desk.until(lambda: not form.deaf and form.focused is not None)
    return form


def offered(desk: Desk) -> list[dict[str, Any]]:
    """The payloads of all offers on the bus, in their order."""
    session = desk.app.session
    with session.lock:
        auctions = [*session.timeline.board.auctions.values()]
        return [session.store.header(auction.seq).read_payload() for auction in auctions]


async def test_an_offer_kept_in_one_run_is_chosen_by_typing_in_the_next_and_goes_out_as_it_was(
    tmp_path: Path,
) -> None:
    path = tmp_path / "offers.json"
    async with at_the_desk(summarize, "summarize", offers=path) as desk:
        form = await desk.form("O")
        fill_in(form, STORY)
        await desk.pilot.press("ctrl+o")
        assert "Write a name for it, then ctrl+o keeps it" in desk.text
        assert form.focused is form.query_one("#template")
        await desk.pilot.press(*"story", "ctrl+o")
        await desk.pilot.pause()
        assert "Kept: :offer story begins with it" in desk.text
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: len(offered(desk)) == 1)
        first = offered(desk)
    assert OfferShelf(path).templates[0].capabilities == STORY.capabilities

    async with at_the_desk(summarize, "summarize", offers=path) as desk:
        form = await desk.form("O")
        form.query_one("#template").focus()
        await desk.pilot.press(*"St", "enter")
        await desk.pilot.pause()
        assert form.query_one("#template", Input).value == "story"
        assert form.draft().composed() == STORY
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: len(offered(desk)) == 1)
        await command(desk, "offer story")
        form = await opened(desk)
        assert form.draft().composed() == STORY
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: len(offered(desk)) == 2)
        assert offered(desk) == first * 2
        # What went out is among the earlier offers of the next form, and of the next run.
        form = await desk.form("O")
        await desk.pilot.press("up")
        assert form.draft().composed() == STORY
        assert OfferShelf(path).earlier == [STORY]


async def test_what_the_settings_offer_is_in_the_palette_and_cannot_be_kept_over(tmp_path: Path) -> None:
    look = Look(
        offers=(
            Template(name="ask ann", kind="task", neuron="ann", input={"text": "why"}),
            Template(name="dig", window_ms=77),
        )
    )
    async with at_the_desk(summarize, "summarize", offers=tmp_path / "offers.json", look=look) as desk:
        names = {each.name: each for each in more(desk.app.observatory)}
        assert {"Offer: ask ann", "Offer: dig"} <= set(names)
        names["Offer: ask ann"].run()
        form = await opened(desk)
        assert "New task" in desk.text
        assert form.draft().composed() == Composed(kind="task", neuron="ann", input={"text": "why"})
        await desk.pilot.press("ctrl+o")
        await desk.pilot.pause()
        assert "doppler.toml has a template of this name" in desk.text
        form.query_one("#template").focus()
        await desk.pilot.press("up")
        assert (form.query_one("#template", Input).value, form.draft().window_ms) == ("dig", 77)
        form.query_one("#template", Input).value = "nobody knows"
        await desk.pilot.press("enter")
        await desk.pilot.pause()
        assert "No template begins with nobody knows" in desk.text
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: [each.get("deadline_ms") for each in offered(desk)] == [77])


async def test_a_template_is_replaced_only_when_asked_to_twice_and_forgotten_by_name(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    async with at_the_desk(summarize, "summarize", offers=path) as desk:
        form = await desk.form("O")
        form.query_one("#template", Input).value = "story"
        for needs, said in (
            ("dig", "Kept:"),
            ("fill", "ctrl+o once more replaces it"),
            ("fill", "Kept:"),
        ):
            form.query_one("#needs", Input).value = needs
            await desk.pilot.pause()
            await desk.pilot.press("ctrl+o")
            await desk.pilot.pause()
            assert said in desk.text
        assert [each.capabilities for each in OfferShelf(path).templates] == [("fill",)]
        await desk.pilot.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, Form))
        await command(desk, "offer stoy")
        await desk.until(lambda: "there is no template 'stoy'; did you mean 'story'?" in desk.text)
        await desk.pilot.press("escape")
        await command(desk, "forget_offer story")
        await desk.until(lambda: OfferShelf(path).templates == [])


async def test_redacted_values_are_never_written(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    async with at_the_desk(summarize, "summarize", offers=path) as desk:
        desk.app.session.redact(Redaction(["payload.input.text"]))
        form = await desk.form("O")
        fill_in(form, STORY)
        form.query_one("#template", Input).value = "story"
        await desk.pilot.press("ctrl+o")
        await desk.pilot.pause()
        assert "never written to a file" in desk.text
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: len(offered(desk)) == 1)
        form = await desk.form("O")
        await desk.pilot.press("up")
        assert form.draft().composed() == STORY
        assert not path.exists()

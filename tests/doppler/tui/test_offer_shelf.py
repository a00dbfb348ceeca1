"""Templates and earlier offers, from one run to the next."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from cosmo_doppler.offers import LONGEST_INPUT, Composed, Template
from cosmo_doppler.tui.offer_shelf import (
    LARGEST_FILE,
    MOST_EARLIER,
    MOST_KEPT,
    OfferShelf,
    shelf_beside,
    with_settings,
)


def dig(text: str, **more: Any) -> Composed:
    return Composed(capabilities=("dig",), input={"text": text}, **more)


def test_what_is_kept_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "offers.json"
    shelf = OfferShelf(path)
    hole = Template(name="a hole", capabilities=("dig",), input={"text": "höhle"}, window_ms=7)
    assert shelf.keep(hole)
    shelf.remember(dig("one"))
    shelf.remember(Composed(kind="task", neuron="ada"))
    assert (shelf.problem, stat.S_IMODE(path.stat().st_mode)) == ("", 0o600)
    again = OfferShelf(path)
    assert again.templates == [hole]
    assert again.earlier == [Composed(kind="task", neuron="ada"), dig("one")]
    assert [each.name for each in path.parent.iterdir()] == ["offers.json"]


def test_two_runs_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = OfferShelf(tmp_path / "offers.json"), OfferShelf(tmp_path / "offers.json")
    assert one.templates == other.templates == []
    one.keep(Template(name="Zoe"))
    other.keep(Template(name="ada"))
    one.remember(dig("one"))
    assert [each.name for each in other.templates] == ["ada", "Zoe"]
    assert other.earlier == [dig("one")]
    assert other.forget("Zoe")
    assert not one.forget("Zoe")
    assert [each.name for each in one.templates] == ["ada"]


def test_the_latest_offer_for_the_same_capabilities_is_remembered_and_few_in_all() -> None:
    shelf = OfferShelf()
    for number in range(MOST_EARLIER + 5):
        shelf.remember(Composed(capabilities=(f"skill{number}",)))
    shelf.remember(Composed(capabilities=("skill20",), input={"text": "newer"}))
    kept = shelf.earlier
    assert len(kept) == MOST_EARLIER
    assert kept[0].input == {"text": "newer"}
    assert [each.capabilities for each in kept].count(("skill20",)) == 1


def test_what_is_to_be_redacted_stays_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    shelf = OfferShelf(path)
    shelf.remember(dig("plain"))
    shelf.remember(dig("the word is swordfish"), secret=True)
    assert shelf.earlier == [dig("the word is swordfish")]
    assert "swordfish" not in path.read_text()
    assert OfferShelf(path).earlier == [dig("plain")]
    shelf.remember(dig("plain again"))
    assert shelf.earlier == OfferShelf(path).earlier == [dig("plain again")]


def test_there_is_room_for_so_many_templates(tmp_path: Path) -> None:
    shelf = OfferShelf()
    kept = [shelf.keep(Template(name=f"number {number}")) for number in range(MOST_KEPT + 1)]
    assert kept == [True] * MOST_KEPT + [False]
    assert shelf.keep(Template(name="number 7", capabilities=("dig",)))
    assert len(shelf.templates) == MOST_KEPT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "holds no offers of Doppler's"),
        ('{"version": 2, "something": []}', "its version is 2, known here is 1"),
        ('{"version": 1, "templates": [{"name": ""}]}', "'' is no name"),
        ('{"version": 1, "colour": "red"}', "unknown field `colour`"),
    ],
)
def test_a_file_that_is_not_understood_is_named_and_left_as_it_is(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "offers.json"
    path.write_text(text)
    shelf = OfferShelf(path)
    assert shelf.templates == []
    assert reason in shelf.problem
    assert str(path) in shelf.problem
    assert shelf.keep(Template(name="for now"))
    assert [each.name for each in shelf.templates] == ["for now"]
    assert path.read_text() == text


def test_a_file_that_grew_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    shelf = OfferShelf(path)
    assert shelf.earlier == []
    assert "are too many" in shelf.problem


def test_where_nothing_can_be_written_it_is_kept_until_the_end_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "no directory").write_text("")
    shelf = OfferShelf(tmp_path / "no directory" / "offers.json")
    shelf.keep(Template(name="for now"))
    assert "cannot be kept" in shelf.problem
    assert [each.name for each in shelf.templates] == ["for now"]


def test_what_the_settings_say_counts_more() -> None:
    kept = [Template(name="b"), Template(name="a", neuron="kept")]
    assert with_settings(kept, [Template(name="a", neuron="said"), Template(name="C")]) == [
        Template(name="a", neuron="said"),
        Template(name="b"),
        Template(name="C"),
    ]


def test_the_file_stands_beside_the_arrangement_of_the_panes() -> None:
    assert shelf_beside(Path("/there/doppler.json")) == Path("/there/doppler.offers.json")
    assert shelf_beside(None) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"capabilities": ("a,b",)}, "'a,b' is no name that can be typed in a list"),
        ({"capabilities": ("\x1b[2J",)}, "is no name that can be typed in a list"),
        ({"capabilities": ("",)}, "is no name that can be typed in a list"),
        ({"kind": "task"}, "a task needs a neuron, or the capabilities it takes"),
        ({"neuron": " ada"}, "is no name that can be typed"),
        ({"input": {"text": "x" * LONGEST_INPUT}}, "a form takes 20,000"),
        ({"input": {"at": float("nan")}}, "a number that is none"),
        ({"input": {"at": object()}}, "a date or a time"),
    ],
)
def test_an_offer_that_no_form_could_show_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        Composed(**fields)


def test_what_is_written_says_no_more_than_what_was_chosen(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    OfferShelf(path).keep(Template(name="short"))
    assert json.loads(path.read_text()) == {"version": 1, "templates": [{"name": "short"}], "earlier": []}

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cosmo_doppler.tui.safe import fit, fit_middle, hidden_characters, pad, safe, short_id

any_text = st.text(st.characters(exclude_categories=()), max_size=60)
"""Lone surrogates included."""


@given(any_text)
def test_nothing_unprintable_gets_through(text: str) -> None:
    assert safe(text).isprintable()


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=40))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_controls_become_pictures_and_the_rest_code_points() -> None:
    assert safe("a\x1b[2Jb\n") == "a␛[2Jb␊"
    assert safe("\x7f\u202e\x9b\ud800\u200b") == "␡<202E><009B><D800><200B>"


def test_long_text_is_cut_before_it_is_cleaned() -> None:
    assert safe("\x1b" * 10_000, limit=4) == "␛␛␛…"


@given(any_text, st.integers(0, 30))
def test_what_is_fitted_fits(text: str, width: int) -> None:
    shown = safe(text)
    assert cell_len(fit(shown, width)) <= width
    assert cell_len(fit_middle(shown, width)) <= width
    assert cell_len(pad(shown, width)) == width
    assert cell_len(pad(shown, width, right=True)) == width


def test_prose_loses_its_end_and_ids_their_middle() -> None:
    assert fit("a long sentence", 8) == "a long…"
    assert fit_middle("evt_01M7Y16N254W", 9) == "evt_…254W"
    assert fit("寿司がいい", 5) == "寿司…"
    assert fit("short", 8) == fit_middle("short", 8) == "short"


def test_hidden_characters_are_counted_without_line_breaks() -> None:
    assert hidden_characters('{"a":\n\t1}') == 0
    assert hidden_characters("a\u202eb\x1b") == 2


def test_short_ids_are_the_end_and_safe() -> None:
    assert short_id("evt_01M7Y16N254WCDD4CTTM8TW7RA") == "TM8TW7RA"
    assert all(unicodedata.category(glyph) != "Cc" for glyph in short_id("evt_\x1b]52;c;x"))

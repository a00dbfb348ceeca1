from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.export.escaping import for_csv, for_markdown, table


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "=HYPERLINK(1)"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str) -> None:
    assert for_csv(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-0.25", "1e-05", "summarizer", ""])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert for_csv(text) == text


@pytest.mark.parametrize("glyph", "`*[]<>#|!&\\$~")
def test_markup_is_escaped(glyph: str) -> None:
    assert for_markdown(f"a{glyph}b") == f"a\\{glyph}b"


def test_names_stay_readable() -> None:
    assert for_markdown("TASK_OFFER by worker-1") == "TASK_OFFER by worker-1"


@given(st.text())
def test_a_cell_stays_in_its_cell(text: str) -> None:
    told = table(["one", "two"], [[text, "x"]])
    assert len(told.splitlines()) == 3
    assert told.replace("\\|", "").splitlines()[2].count("|") == 3
    assert "\x1b" not in told

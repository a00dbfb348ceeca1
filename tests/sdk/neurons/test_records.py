"""Taking streams apart: wherever the network cuts, the records are the same."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk.neurons import _records
from cosmo_sdk.neurons._records import Format, JsonLines, Lines, LineTooLong, ServerSentEvents


def records_in(chunks: list[bytes], form: Format) -> list[bytes]:
    lines = Lines()
    found = [form.line(line) for chunk in chunks for line in lines.feed(chunk)]
    found += [*map(form.line, lines.end()), form.end()]
    return [record for record in found if record is not None]


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(ends)]


VALUES = st.lists(st.text(max_size=20), max_size=6)
PLACES = st.lists(st.integers(min_value=0, max_value=10_000), max_size=12)


@given(VALUES, PLACES, st.sampled_from(["\n", "\r\n"]))
def test_events_do_not_depend_on_where_they_are_cut(values: list[str], places: list[int], end: str):
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    whole = "".join(f": note{end}event: x{end}data: {text}{end}{end}" for text in texts).encode(
        errors="surrogatepass"
    )
    found = records_in(cut(whole, places), ServerSentEvents())
    assert found == [text.encode(errors="surrogatepass") for text in texts]


@given(VALUES, PLACES)
def test_lines_do_not_depend_on_where_they_are_cut(values: list[str], places: list[int]):
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    whole = "\n\n".join(texts).encode(errors="surrogatepass")
    found = records_in(cut(whole, places), JsonLines())
    assert found == [text.encode(errors="surrogatepass") for text in texts]


def test_data_of_several_lines_is_one_record():
    assert records_in([b"data: a\ndata:b\nid: 7\ndata\n\ndata: c"], ServerSentEvents()) == [b"a\nb\n", b"c"]


def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_records, "LINE_LIMIT", 100)
    lines = Lines()
    assert lines.feed(b"x" * 99) == []
    with pytest.raises(LineTooLong, match="more than 100 bytes"):
        lines.feed(b"xx")

"""JSON values as lines, and the beginnings of very large ones."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.document import OPEN_ITEMS, lines_of, read_part, value_at
from tests.doppler.model.generated import json_values


def shown(value, folded=(), unfolded=()):
    return [
        "  " * line.depth + (f"{line.label}: " if line.label else "") + ("…" if line.folded else _short(line))
        for line in lines_of(value, set(folded), set(unfolded))
    ]


def _short(line):
    return f"{line.items} items" if line.items else json.dumps(line.value)


def test_a_value_is_a_tree_of_lines():
    value = {"a": 1, "b": {"c": ["x", {}], "d": None}, "e": []}
    assert shown(value) == [
        "a: 1",
        "b: 2 items",
        "  c: 2 items",
        '    0: "x"',
        "    1: {}",
        "  d: null",
        "e: []",
    ]
    assert shown(value, folded=[("b",)]) == ["a: 1", "b: …", "e: []"]
    assert shown("alone") == ['"alone"']
    assert shown({}) == ["{}"]


def test_large_containers_are_folded_until_somebody_unfolds_them():
    value = {"many": list(range(OPEN_ITEMS + 1))}
    assert shown(value) == ["many: …"]
    assert len(shown(value, unfolded=[("many",)])) == OPEN_ITEMS + 2


@given(json_values)
def test_every_line_leads_to_its_value(value):
    for line in lines_of(value, set(), set()):
        assert value_at(value, line.path) == line.value


@given(json_values, st.integers(1, 200))
def test_the_beginning_of_any_value_can_be_read(value, limit):
    raw = json.dumps(value).encode()
    part = read_part(raw, limit)
    assert part.whole == (len(raw) <= limit)
    if part.whole:
        assert part.value == json.loads(raw)


def test_a_large_value_is_cut_after_its_last_whole_item():
    raw = json.dumps({"a": [1, 2, 3], "b": {"c": "x" * 100}}).encode()
    assert read_part(raw, 11).value == {"a": [1]}
    assert read_part(raw, 24).value == {"a": [1, 2, 3]}
    cut = read_part(raw, 50).value
    assert cut["a"] == [1, 2, 3]
    assert cut["b"]["c"].startswith("xxx")
    assert cut["b"]["c"].endswith("…")


def test_a_text_is_not_cut_inside_an_escape_or_a_character():
    for raw in (
        json.dumps({"a": "\n\u00e9\\" * 50}).encode(),
        json.dumps({"a": "é寿" * 50}, ensure_ascii=False).encode(),
    ):
        for limit in range(10, 60):
            text = read_part(raw, limit).value["a"]
            assert "�" not in text
            assert set(text) <= set("\né\\寿…")


def test_what_is_no_json_is_shown_as_it_is():
    assert read_part(b"\xff{").text == "\ufffd{"
    assert read_part(b"x" * 100, 10).text == "x" * 10


def test_ten_megabytes_are_as_quick_as_their_beginning():
    raw = b'{"text":"' + b"y" * 10_000_000 + b'"}'
    part = read_part(raw)
    assert not part.whole
    assert len(part.value["text"]) < 70_000

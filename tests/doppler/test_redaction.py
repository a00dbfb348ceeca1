from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.errors import SettingError
from cosmo_doppler.redaction import REPLACED, UNREADABLE, Redaction

FRAME: dict[str, Any] = {
    "id": "evt_1",
    "type": "TASK",
    "payload": {
        "input": {
            "card": "4111",
            "text": "pay",
            "people": [{"name": "Ann", "pin": 1}, {"name": "Bo", "pin": 2}],
        },
        "list": ["a", "b"],
    },
    "meta": {"token": "t0p"},
}


def redacted(*paths: str, frame: Any = FRAME) -> Any:
    return json.loads(Redaction(paths).apply(json.dumps(frame).encode()))


def test_a_value_goes_and_the_rest_stays() -> None:
    expected = json.loads(json.dumps(FRAME))
    expected["payload"]["input"]["card"] = REPLACED
    assert redacted("payload.input.card") == expected


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("payload.input", ["4111", "Ann"]),
        ("payload.input.people.*.pin", []),
        ("payload.**.name", ["Ann", "Bo"]),
        ("payload.list.*", ['"a"', '"b"']),
        ("meta.*", ["t0p"]),
        ("payload.**", ["4111", "Ann", '"a"']),
    ],
)
def test_paths_reach_into_objects_and_lists(path: str, gone: list[str]) -> None:
    told = json.dumps(redacted(path))
    assert REPLACED in told
    assert not any(text in told for text in gone)
    assert "evt_1" in told


def test_list_items_stay_as_many() -> None:
    assert redacted("payload.list.*")["payload"]["list"] == [REPLACED, REPLACED]
    assert [each["pin"] for each in redacted("payload.**.pin")["payload"]["input"]["people"]] == [
        REPLACED
    ] * 2


def test_a_name_hidden_by_an_escape_is_found() -> None:
    frame = b'{"id":"evt_1","payload":{"c\\u0061rd":"4111"}}'
    assert b"4111" not in Redaction(["payload.card"]).apply(frame)


def test_the_first_of_two_values_of_a_name_does_not_survive() -> None:
    twice = b'{"id":"evt_1","payload":{"card":"4111"},"payload":{"kind":"card"}}'
    assert json.loads(Redaction(["payload.card"]).apply(twice)) == {
        "id": "evt_1",
        "payload": {"kind": "card"},
    }


def test_a_frame_without_any_of_it_is_left_as_it_is() -> None:
    frame = b'{ "id":"evt_1", "payload":{"x":1.0} }'
    assert Redaction(["payload.card", "payload.**.pin"]).apply(frame) is frame
    assert Redaction().apply(b"anything") == b"anything"


@pytest.mark.parametrize(
    "frame",
    [
        b"no json 4111",
        b"[1]",
        b'{"payload":{"card":4111}',
        b'"4111"',
        b'{"payload":' + b'{"a":' * 300 + b"4111" + b"}" * 301,
    ],
)
def test_what_cannot_be_searched_goes_as_a_whole(frame: bytes) -> None:
    assert Redaction(["payload.**.card", "payload.**"]).apply(frame) == UNREADABLE


@pytest.mark.parametrize("path", ["payload..card", "id", "input.card", "trace_id"])
def test_a_path_that_cannot_be_meant_is_refused(path: str) -> None:
    with pytest.raises(SettingError, match=path):
        Redaction([path])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "key"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(payload=st.dictionaries(st.sampled_from(["a", "b", "key"]), _JSON, max_size=3))
def test_nothing_under_a_name_survives_anywhere(payload: dict[str, Any]) -> None:
    def values(value: Any) -> list[Any]:
        if isinstance(value, dict):
            own = [child for name, child in value.items() if name == "key"]
            return own + [found for child in value.values() for found in values(child)]
        return [found for child in value for found in values(child)] if isinstance(value, list) else []

    told = redacted("payload.**.key", frame={"payload": payload})
    assert all(value == REPLACED for value in values(told))


def test_the_frame_inside_an_event_of_the_bus_is_searched_as_well() -> None:
    event = {"gate": "g", "event": "edited", "frame": json.dumps(FRAME)}
    told = json.loads(Redaction(["payload.input.card"]).apply(json.dumps(event).encode()))
    assert told["event"] == "edited"
    assert json.loads(told["frame"])["payload"]["input"]["card"] == REPLACED

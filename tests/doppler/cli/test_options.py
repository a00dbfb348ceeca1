from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.cli.options import (
    read_duration,
    read_json_object,
    read_namespace,
    read_signal_type,
    read_size,
    read_trace_id,
    read_url,
    read_words,
)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("cosmo://127.0.0.1:7070", "cosmo://127.0.0.1:7070"),
        ("cosmo://localhost", "cosmo://localhost:7070"),
        ("cosmo://localhost:81/dev", "cosmo://localhost:81"),
        ("cosmo://[::1]:7070", "cosmo://[::1]:7070"),
        ("cosmos://bus.example", "cosmos://bus.example:7070"),
        ("nats://localhost", "nats://localhost:4222"),
        ("nats://ann:p%40ss@h:1/x", "nats://ann:p%40ss@h:1"),
    ],
)
def test_a_url_is_host_and_port(text: str, url: str) -> None:
    assert read_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "localhost:7070", "kafka://x:9092", "cosmo://", "cosmo://h:0", "cosmo://h:99999"]
)
def test_what_is_no_url_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"cosmo://"):
        read_url(text)


@pytest.mark.parametrize("text", ["", "a.b", "a b", "*", "a>", " a"])
def test_a_namespace_is_one_token(text: str) -> None:
    with pytest.raises(ValueError, match="is no namespace"):
        read_namespace(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("30s", 30), ("500ms", 0.5), ("1.5m", 90), ("2h", 7200), (" 4 ", 4)]
)
def test_a_duration_has_a_unit_or_is_in_seconds(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-3", "soon", "3d", "1e9", "nan"])
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        read_duration(text)


@pytest.mark.parametrize("text", ["", "120", "120x", "x40", "0x0", "9999x9999", "120X40x2"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        read_size(text)


def test_a_size_is_columns_by_rows() -> None:
    assert read_size("80x24") == (80, 24)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_a_json_object_is_read_as_it_is(value: dict[str, object]) -> None:
    assert read_json_object(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["", "text", "[1]", "3", "null", "true", '"x"', '{"a":', "[" * 100_000])
def test_what_is_no_json_object_gets_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like"):
        read_json_object(text)


def test_words_are_split_at_commas_and_never_empty() -> None:
    assert read_words("a, b,,c ,") == ["a", "b", "c"]


def test_signal_types_take_any_case_and_dashes() -> None:
    assert read_signal_type("task-offer") == "TASK_OFFER"
    with pytest.raises(ValueError, match="is no signal type"):
        read_signal_type("hello")


def test_a_trace_id_has_its_prefix() -> None:
    assert read_trace_id("trc_1") == "trc_1"
    for wrong in ("", "evt_1", "trc_", "trc_ 1"):
        with pytest.raises(ValueError, match="is no trace id"):
            read_trace_id(wrong)

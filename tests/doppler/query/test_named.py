"""Saved filters, used by their names."""

from __future__ import annotations

import pytest

from cosmo_doppler.query import QueryError, compile_filter, completions, is_name, parse
from cosmo_doppler.query.ast import And, Compare, Named, Not, write

SAVED = {"costly": "type:BID cost>0.01", "late": "late:true", "either": "$costly or $late"}


def test_a_name_is_a_term_like_others() -> None:
    assert parse("-$costly who:a") == And((Not(Named("costly")), Compare("who", ":", "a")))
    assert write(parse("not $costly who:a")) == "not $costly who:a"


def test_a_filter_keeps_what_was_written_and_knows_what_it_means() -> None:
    wanted = compile_filter("$costly who:worker-*", SAVED)
    assert wanted.text == "$costly who:worker-*"
    assert wanted.node == compile_filter("type:BID cost>0.01 who:worker-*").node


def test_saved_filters_may_use_one_another() -> None:
    assert (
        compile_filter("-$either", SAVED).written
        == compile_filter("not (type:BID cost>0.01 or late:true)").written
    )


@pytest.mark.parametrize(
    ("text", "saved", "position", "problem"),
    [
        ("who:a $costs", SAVED, 6, "there is no saved filter $costs; did you mean $costly?"),
        ("$zzz", SAVED, 0, "there are: $costly, $either, $late"),
        ("$zzz", {}, 0, "none is saved"),
        ("type:BID $", {}, 9, "a $ without the name of a saved filter"),
        ("$a", {"a": "-$b", "b": "$a"}, 0, "the saved filter $a stands for itself"),
        (
            "$a",
            {"a": "costs>1"},
            0,
            "the saved filter $a cannot be used: unknown field 'costs'; did you mean cost?",
        ),
        ("$a", {"a": "("}, 0, "the saved filter $a cannot be used: expected a condition"),
        ("$a", {"a": "$b " * 9, "b": "$c " * 9, "c": "who:x"}, 0, "more than 64 saved filters"),
    ],
)
def test_a_name_that_means_nothing_is_said_where_it_stands(
    text: str, saved: dict[str, str], position: int, problem: str
) -> None:
    with pytest.raises(QueryError) as raised:
        compile_filter(text, saved)
    assert problem in str(raised.value)
    assert raised.value.position == position


def test_names_are_words() -> None:
    assert is_name("my-costly_2")
    assert not any(map(is_name, ("", "2nd", "a b", "a.b", "$a", "a" * 65)))


def test_names_complete_like_fields() -> None:
    assert completions("who:a -$c", 9, named=SAVED) == (7, ("$costly",))
    assert completions("$", 1, named=SAVED).words == ("$costly", "$either", "$late")
    assert completions("$x", 2, named=SAVED).words == ()

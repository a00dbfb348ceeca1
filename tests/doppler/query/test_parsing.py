"""Reading and writing expressions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cosmo_doppler.query import QueryError, parse
from cosmo_doppler.query.ast import And, Compare, Node, Not, Or, Pattern, Text, write
from tests.doppler.query.expressions import nodes


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("type:BID", Compare("type", ":", "BID")),
        ("cost<0.01 -auto:true", And((Compare("cost", "<", "0.01"), Not(Compare("auto", ":", "true"))))),
        ("not /x/ and who:a", And((Not(Pattern("x")), Compare("who", ":", "a")))),
        ("who:a or who:b who:c", Or((Compare("who", ":", "a"), And((Compare("who", ":", "b"), Compare("who", ":", "c")))))),
        ("(who:a or who:b) who:c", And((Or((Compare("who", ":", "a"), Compare("who", ":", "b"))), Compare("who", ":", "c")))),
        ('payload.input.text ~ "(?i)invoice"', Compare("payload.input.text", "~", "(?i)invoice", quoted=True)),
        ('"two words"', Text("two words")),
        (r'"a \"quote\" \\"', Text('a "quote" \\')),
        (r"/a\/b/", Pattern("a/b")),
        ("meta.cosmo-host != x", Compare("meta.cosmo-host", "!=", "x")),
        ("trace.dur>2s or trace.errors>0", Or((Compare("trace.dur", ">", "2s"), Compare("trace.errors", ">", "0")))),
        ("NOT - who:x", Not(Not(Compare("who", ":", "x")))),
    ],
)  # fmt: skip
def test_an_expression_is_read_as_a_tree(text: str, tree: Node) -> None:
    assert parse(text) == tree


@settings(max_examples=150, deadline=None)
@given(nodes())
def test_what_is_written_is_read_as_the_same_tree(node: Node) -> None:
    assert parse(write(node)) == node


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "expected a condition"),
        ("type:BID or", 11, "expression ends"),
        ("(type:BID", 0, "a ( without its )"),
        ("type:BID)", 8, "a ) without its ("),
        ('"open', 0, "without its end"),
        ("/open", 0, "without the /"),
        ("invoice", 0, "or quotes to search for it"),
        ("who:", 4, "expected a value"),
        ("or who:x", 0, "a condition was expected"),
        ("who:a ((((" + "(" * 100, 71, "nested deeper than 64"),
    ],
)
def test_what_cannot_be_read_says_where_and_what(text: str, position: int, problem: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert problem in str(caught.value)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)

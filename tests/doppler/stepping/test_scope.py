"""What a bus can judge of an expression."""

from __future__ import annotations

import pytest

from cosmo_bus.facts import Where
from cosmo_doppler.query import compile_filter
from cosmo_doppler.stepping.scope import scope_of

TRACE = "trc_01M7Y84VTBY6BC1KX7ZXP2WD0G"


@pytest.mark.parametrize(
    ("text", "where", "whole"),
    [
        ("type:BID", Where(type="BID"), True),
        ("type:bid who:ada", Where(type="BID", neuron="ada"), True),
        (f"trace:{TRACE}", Where(trace_id=TRACE), True),
        ("trace:KX7ZXP2W", Where(), False),
        ("type:BID cost<0.3", Where(type="BID"), False),
        ("type:TASK*", Where(), False),
        ("type:BID or type:TASK_AWARDED", Where(), False),
        ("(type:BID cost<1) or (type:BID who:ada)", Where(type="BID"), False),
        ("not type:BID", Where(), False),
        ("type!=BID", Where(), False),
        ("has:error", Where(type="ERROR"), True),
        ("type:BID type:TASK", Where(type="BID"), False),
        ('"harvest"', Where(), False),
    ],
)
def test_the_bus_is_asked_for_what_it_can_judge(text, where, whole):
    scope = scope_of(compile_filter(text).node, "dev")
    assert (scope.where, scope.whole) == (where, whole)
    assert scope.subject == "cosmonapse.dev.>"
    assert scope.wide == (where == Where())


def test_a_whole_subject_is_watched_alone():
    scope = scope_of(compile_filter("subject:cosmonapse.dev.BID").node, "dev")
    assert (scope.subject, scope.whole, scope.wide) == ("cosmonapse.dev.BID", True, False)
    assert scope.words == "subject:cosmonapse.dev.BID"

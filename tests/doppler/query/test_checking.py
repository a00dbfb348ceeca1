"""Runs held against assertions."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from cosmo_doppler.checking import Assertion, Verdict, as_json, first_match, judge, junit, markdown
from cosmo_doppler.query import QueryError, compile_filter
from cosmo_doppler.store import Store
from tests.doppler.model.folding import fold, frame
from tests.doppler.query.market import market


def judged(*texts: str, until: str = "") -> Verdict:
    store, board = market()
    wanted = compile_filter(until) if until else None
    found = first_match(wanted, store, 0, len(store)) if wanted is not None else None
    asserts = tuple(map(Assertion.read, texts))
    return judge("a run", store, board, 0, len(store), asserts, wanted, found)


def test_an_assertion_holds_for_every_signal_and_never_for_none() -> None:
    verdict = judged(
        "not has:error or trace:trc_2", "never is:malformed", "never type:BID cost>0.1", "seq<12"
    )
    assert [each.held for each in verdict.judged] == [True, True, False, False]
    assert [each.offenders for each in verdict.judged] == [[], [], [7], [12]]
    assert not verdict.passed
    assert judged("never has:parent -type:x*").judged[0].offenders
    assert judged("never is:malformed").passed


def test_a_run_that_waits_in_vain_has_failed() -> None:
    assert judged(until="type:FINAL").found is None
    assert not judged(until="type:FINAL").passed
    assert judged(until="has:error").passed


@pytest.mark.parametrize(
    ("text", "seq", "position"),
    [("type:BID", 3, 4), ("won:true", 4, 6), ("trace.errors>0", 10, 11), ("has:error", 10, 11)],
)
def test_the_first_match_is_found_when_it_is_one(text: str, seq: int, position: int) -> None:
    store, _ = market()
    assert first_match(compile_filter(text), store, 0, len(store)) == (seq, position)


def test_only_the_part_asked_for_is_searched() -> None:
    store, _ = market()
    assert first_match(compile_filter("type:BID"), store, 4, 7) == (4, 5)
    assert first_match(compile_filter("won:true"), store, 5, 9) is None
    assert first_match(compile_filter("type:BID"), store, 8, 13) is None


def test_an_assertion_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(QueryError, match="did you mean cost"):
        Assertion.read("never costs>1")


def test_reports_say_what_broke_and_let_nothing_through() -> None:
    hostile = frame("ERROR", "x", who="a<b>&\"'\x1b[31m", code="X", message="]]> \x00 | <script>")
    board = fold((1.0, hostile))
    store = Store()
    store.append(1.0, "cosmonapse.dev.X", hostile)
    verdict = judge("run <1>", store, board, 0, 1, (Assertion.read("never has:error"),))
    suite = ET.fromstring(junit(verdict))
    failure = suite.find("testcase/failure")
    assert (suite.get("tests"), suite.get("failures"), suite.get("name")) == ("1", "1", "run <1>")
    assert failure is not None
    assert failure.get("message") == "broken by 1 of 1 signal"
    assert "ERROR" in (failure.text or "")
    page = markdown(verdict)
    assert page.startswith("# FAILED: run \\<1\\>")
    assert "\x1b" not in page + junit(verdict)
    assert "<script>" not in page


def test_a_verdict_is_a_document_too() -> None:
    document = as_json(judged("never has:error", until="type:BID"))
    assert document["passed"] is False
    assert document["until"]["found"]["payload"]["cost"] == 0.005
    assert document["asserts"][0]["count"] == 2
    assert [each["seq"] for each in document["asserts"][0]["signals"]] == [10, 11]


def test_a_run_of_which_nothing_is_asked_has_passed() -> None:
    suite = ET.fromstring(junit(judged()))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")

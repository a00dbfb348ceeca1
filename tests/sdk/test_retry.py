"""RetryStrategy and its default policy."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from cosmo_sdk.errors import NoBids, PathwayClosedError, PathwayShutDown, PathwayStopped
from cosmo_sdk.factories import clarification_signal, error_signal, final_signal
from cosmo_sdk.retry import RetryStrategy, default_retry_on


def _error(recoverable):
    return error_signal(trace_id="trc_1", code="X", message="m", recoverable=recoverable)


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (TimeoutError(), True),
        (NoBids("trc_1", 250), True),
        (PathwayClosedError("trc_1"), True),
        (PathwayStopped("trc_1"), False),
        (PathwayShutDown("trc_1"), False),
        (_error(True), True),
        (_error(False), False),
        (final_signal(trace_id="trc_1", parent_id="evt_1", result=1), False),
        (clarification_signal(trace_id="trc_1", parent_id="evt_1", question="?"), False),
        (ValueError(), False),
    ],
)
def test_default_policy_retries_only_what_may_pass(outcome, again):
    assert default_retry_on(outcome) is again


def test_no_policy_undoes_a_stop_or_a_shutdown():
    always = RetryStrategy(retry_on=lambda _: True)
    assert always.wants_retry(ValueError())
    assert not always.wants_retry(PathwayStopped("trc_1"))
    assert not always.wants_retry(PathwayShutDown("trc_1"))


def test_the_first_try_counts():
    assert RetryStrategy(max_attempts=1).max_attempts == 1
    with pytest.raises(ValueError, match="at least 1"):
        RetryStrategy(max_attempts=0)


def test_defaults_are_those_users_know():
    fields = dataclasses.asdict(RetryStrategy())
    assert fields.pop("backoff")(3) == 0
    assert fields == {
        "max_attempts": 3,
        "timeout_s": 30.0,
        "retry_on": default_retry_on,
        "new_trace": True,
        "rollback_on_retry": False,
        "on_retry": None,
        "reason": "retry",
        "max_retry_after_s": 60.0,
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        RetryStrategy().max_attempts = 5


def test_a_broken_backoff_or_observer_is_logged_and_hurts_nobody(caplog):
    def broken(*_):
        raise RuntimeError("boom")

    strategy = RetryStrategy(backoff=broken, on_retry=broken)
    with caplog.at_level(logging.ERROR, logger="cosmo_sdk.retry"):
        assert strategy.pause_s(0) == 0
        strategy.announce(0, None)
    assert len(caplog.records) == 2


@pytest.mark.parametrize(("says", "pause"), [(2.5, 2.5), (-1, 0), (float("nan"), 0), (float("inf"), 0)])
def test_backoff_is_a_sane_number_of_seconds(says, pause):
    assert RetryStrategy(backoff=lambda _: says).pause_s(0) == pause


def test_backoff_gets_the_number_of_the_failed_attempt_from_zero():
    assert RetryStrategy(backoff=lambda attempt: 2**attempt).pause_s(0) == 1


def test_backoff_may_be_a_number():
    assert RetryStrategy(backoff=1.5).pause_s(7) == 1.5
    assert RetryStrategy(backoff=-1).pause_s(0) == 0


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        (7.5, 7.5),
        (1, 2.0),
        (3600, 60.0),
        (-1, 2.0),
        ("soon", 2.0),
        (True, 2.0),
        (float("nan"), 2.0),
        (None, 2.0),
    ],
)
def test_the_pause_is_no_shorter_than_an_error_asks_for_and_no_longer_than_allowed(asked, pause):
    refused = error_signal(
        trace_id="trc_1", code="RATE", message="m", recoverable=True, meta={"cosmo.retry_after_s": asked}
    )
    assert RetryStrategy(backoff=2.0).pause_s(0, refused) == pause


def test_what_an_error_asks_for_may_be_ignored():
    refused = error_signal(trace_id="trc_1", code="RATE", message="m", meta={"cosmo.retry_after_s": 7})
    assert RetryStrategy(max_retry_after_s=0).pause_s(0, refused) == 0
    assert RetryStrategy().pause_s(0, TimeoutError()) == 0

"""Numbers that no store could keep are refused where they come in, before anything is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    DelegationProtocol,
    ManualClock,
    NegotiationProtocol,
    NegotiationRules,
    Task,
    TaskManager,
    TaskState,
    VoteBook,
)

BEYOND = 1 << 70


@pytest.mark.parametrize("seconds", [1e300, 10**400, Decimal("1e30")])
def test_durations_beyond_any_calendar_are_refused(seconds):
    with pytest.raises(ValueError, match=r"duration_s must be at most 1e\+11 seconds"):
        BiddingProtocol.with_rules(AuctionRules(duration_s=seconds), auction_type="english")
    with pytest.raises(ValueError, match="expires_in_s must be at most"):
        DelegationProtocol().delegate("ann", "bob", ["x"], expires_in_s=seconds)
    with pytest.raises(ValueError, match="ttl_s must be at most"):
        NegotiationRules(ttl_s=seconds)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1, Decimal("NaN"), Decimal("Infinity")])
def test_durations_that_are_none_are_refused(seconds):
    with pytest.raises(ValueError, match="duration_s must be finite and not negative"):
        BiddingProtocol.with_rules(AuctionRules(duration_s=seconds), auction_type="english")


def test_counts_beyond_64_bits_are_refused():
    with pytest.raises(ValueError, match=f"max_depth {BEYOND} does not fit"):
        DelegationProtocol().delegate("ann", "bob", ["x"], max_depth=BEYOND)
    with pytest.raises(ValueError, match="max_rounds"):
        NegotiationRules(max_rounds=BEYOND)
    with pytest.raises(ValueError, match="quorum"):
        VoteBook().open_vote("v", quorum=BEYOND)
    assert NegotiationProtocol.with_rules(NegotiationRules(max_rounds=(1 << 63) - 1)).sessions == {}


def test_a_lease_beyond_any_calendar_never_runs_out(store, clock):
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("t", constraints={"claim_ttl_sec": 1e300}))
    assert tasks.claim("ann", "t")
    assert tasks.get_task("t").lease_ms is None
    assert tasks.release_expired_claims(clock.monotonic() + 1e12) == []
    assert tasks.get_task("t").state is TaskState.ASSIGNED


def test_the_longest_lease_runs_out_at_last():
    clock = ManualClock()
    tasks = TaskManager().bind(clock=clock)
    tasks.submit(Task("t", constraints={"claim_ttl_sec": 1e11}))
    assert tasks.claim("ann", "t")
    assert tasks.release_expired_claims(clock.monotonic() + 0.9e11) == []
    assert tasks.release_expired_claims(clock.monotonic() + 1e11) == ["t"]

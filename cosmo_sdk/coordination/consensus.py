"""Votes: `Consensus` counts them, and `VoteBook` is where agents cast them."""

from __future__ import annotations

from cosmo_sdk.coordination._tally import Consensus, VoteResult
from cosmo_sdk.coordination._vote_book import VoteBook
from cosmo_sdk.coordination._vote_rules import Ballot

__all__ = ["Ballot", "Consensus", "VoteBook", "VoteResult"]

"""For people who test their agents."""

from cosmo_sdk.testing.clock import START, ManualClock, settle
from cosmo_sdk.testing.ids import FixedIds

__all__ = ["START", "FixedIds", "ManualClock", "settle"]

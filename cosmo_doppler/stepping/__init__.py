"""Stepping a live bus: breaks that hold signals at its gates, and what a person decides about each of them."""

from cosmo_doppler.stepping.book import Break, Held, HeldBook
from cosmo_doppler.stepping.scope import Scope, scope_of
from cosmo_doppler.stepping.stepper import NO_GATES, Stepper

__all__ = ["NO_GATES", "Break", "Held", "HeldBook", "Scope", "Stepper", "scope_of"]

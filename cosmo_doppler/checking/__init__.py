"""A run as a test: what must have happened, what must never happen, and a report of what did. Pure but for the files."""

from cosmo_doppler.checking.against import Against, against_json, held_against
from cosmo_doppler.checking.assertions import Assertion
from cosmo_doppler.checking.reports import as_json, junit, markdown
from cosmo_doppler.checking.until import Found, first_match
from cosmo_doppler.checking.verdict import Judged, Verdict, judge

__all__ = [
    "Against",
    "Assertion",
    "Found",
    "Judged",
    "Verdict",
    "against_json",
    "as_json",
    "first_match",
    "held_against",
    "judge",
    "junit",
    "markdown",
]

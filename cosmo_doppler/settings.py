"""Where the bus is when nobody says: the defaults and the environment variables that change them (DESIGN 8)."""

from __future__ import annotations

DEFAULT_URL = "cosmo://127.0.0.1:7070"
"""The dev bus on this machine."""

DEFAULT_NAMESPACE = "dev"

URL_VARIABLE = "COSMO_URL"
"""Environment variable: the bus to use when no `--url` is given."""

NAMESPACE_VARIABLE = "COSMO_NAMESPACE"
"""Environment variable: the namespace to use when no `-n` is given."""


def without_login(url: str) -> str:
    """A bus's URL as people may see it: without user, password and token."""
    scheme, separator, place = url.partition("://")
    return f"{scheme}{separator}{place.rpartition('@')[2]}"

"""Where a bus is: `cosmo://host:port`."""

from __future__ import annotations

from urllib.parse import urlsplit

from cosmo_bus.errors import BadUrl
from cosmo_bus.wire import DEFAULT_PORT


def parse_url(url: str) -> tuple[str, int]:
    """Host and port of `cosmo://host:port`; a path is ignored.

    Raises:
        BadUrl: another scheme, no host, or no valid port.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl(url) from None
    if parts.scheme != "cosmo" or not parts.hostname:
        raise BadUrl(url)
    return parts.hostname, port or DEFAULT_PORT

"""Where a bus is: `cosmo://host:port`, or `cosmos://host:port` when it speaks TLS."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from cosmo_bus.errors import BadUrl
from cosmo_bus.wire import DEFAULT_PORT


class Address(NamedTuple):
    """What a URL says."""

    host: str
    port: int
    tls: bool


def parse_url(url: str) -> Address:
    """The address in a URL; a path is ignored, and the port is 7070 when left out.

    Raises:
        BadUrl: another scheme, no host, or no valid port.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl(url) from None
    if parts.scheme not in ("cosmo", "cosmos") or not parts.hostname:
        raise BadUrl(url)
    return Address(parts.hostname, port or DEFAULT_PORT, parts.scheme == "cosmos")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

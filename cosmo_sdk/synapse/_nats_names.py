"""What has a name on NATS: the server in a URL, and queue groups."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote, unquote, urlsplit

DEFAULT_PORT = 4222

_MAPPED = "cosmo%"
"""Begins every group name that had to be mapped."""

_LONGEST_GROUP = 2_048
"""Bytes. A server reads lines of 4,096 by default, and subject and ids are on the same line."""


@dataclass(frozen=True)
class NatsAddress:
    """A server and how to log in there."""

    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The URL for people to read: without user, password and token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"nats://{host}:{self.port}"


def parse_nats_url(url: str) -> NatsAddress:
    """The address in `nats://[user:password@|token@]host[:port]`; a path is ignored, the port is 4222 when left out.

    Characters with a meaning in URLs are written as `%40` and the like in user, password and token.

    Raises:
        ValueError: another scheme, no host, or no valid port.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "nats" or not parts.hostname:
        raise ValueError("a NATS server is named by nats://host:port, or nats://user:password@host:port")
    user = None if parts.username is None else unquote(parts.username)
    if parts.password is None:
        return NatsAddress(parts.hostname, port or DEFAULT_PORT, token=user or None)
    return NatsAddress(parts.hostname, port or DEFAULT_PORT, user=user, password=unquote(parts.password))


def group_on_nats(group: str) -> str:
    """The name of a queue group as NATS carries it.

    A name that NATS can carry stays as it is, so that peers which pass theirs verbatim share the group. Others, such as
    `caps:plan trips,write`, are mapped, always to the same and no two to one.
    """
    size = len(group.encode())
    if size > _LONGEST_GROUP:
        return f"{_MAPPED}sha256:{sha256(group.encode()).hexdigest()}"
    if group and not re.search(r"[\s\x00-\x20]", group) and not group.startswith(_MAPPED):
        return group
    return f"{_MAPPED}quoted:{quote(group, safe=':,')}"

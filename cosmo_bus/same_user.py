"""Whether who is at the other end of a local connection runs under our account, where the system tells."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ROOT = 0


def is_same_user(theirs: tuple[Any, ...], ours: tuple[Any, ...]) -> bool:
    """Whether the process at the other end of a connection on this machine is ours, or the superuser's.

    Where the system does not tell (only Linux does) everybody on this machine counts as the same user.

    Args:
        theirs: the address of the other end, host and port first.
        ours: the address of this end.
    """
    if sys.platform != "linux":
        return True
    for table in _TABLES:
        try:
            rows = table.read_text().splitlines()
        except OSError:
            continue
        owner = owner_of(rows, theirs, ours)
        if owner is not None:
            return owner in (os.getuid(), _ROOT)
    return not any(table.exists() for table in _TABLES)


def owner_of(rows: Iterable[str], near: tuple[Any, ...], far: tuple[Any, ...]) -> int | None:
    """The user id of the socket between two addresses in a table of the kernel; None when it is not there.

    Args:
        rows: the lines of `/proc/net/tcp` or `tcp6`.
        near: the end whose owner is asked for.
        far: the other end.
    """
    wanted = (_as_key(near), _as_key(far))
    for row in rows:
        columns = row.split()
        if len(columns) > 7 and columns[1] != "local_address" and _keys(columns[1:3]) == wanted:
            return int(columns[7])
    return None


def _keys(cells: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple(_read_cell(cell) for cell in cells)


def _read_cell(cell: str) -> tuple[str, int]:
    """An address of the table: words of four bytes in the machine's order, in hexadecimal, and the port."""
    host, _, port = cell.partition(":")
    words = bytes.fromhex(host)
    turned = b"".join(
        words[at : at + 4][::-1] if sys.byteorder == "little" else words[at : at + 4]
        for at in range(0, len(words), 4)
    )
    return _as_key((str(ipaddress.ip_address(turned)), int(port, 16)))


def _as_key(address: tuple[Any, ...]) -> tuple[str, int]:
    """One spelling for an address, whichever family the socket is of."""
    host = ipaddress.ip_address(str(address[0]).partition("%")[0])
    mapped = host.ipv4_mapped if isinstance(host, ipaddress.IPv6Address) else None
    return str(mapped or host), int(address[1])

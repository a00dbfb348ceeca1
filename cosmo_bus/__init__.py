"""The dev bus: opaque frames, moved by subject, in memory and over TCP."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cosmo_bus.client import BusClient
    from cosmo_bus.errors import BusError
    from cosmo_bus.hub import BusStatistics
    from cosmo_bus.router import Route, Router
    from cosmo_bus.server import BusServer
    from cosmo_bus.subscription import BusSubscription

__version__ = "0.1.0"

__all__ = [
    "BusClient",
    "BusError",
    "BusServer",
    "BusStatistics",
    "BusSubscription",
    "Route",
    "Router",
    "__version__",
]

_HOMES = {
    "BusClient": "client",
    "BusError": "errors",
    "BusServer": "server",
    "BusStatistics": "hub",
    "BusSubscription": "subscription",
    "Route": "router",
    "Router": "router",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: reading a recording needs no sockets."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cosmo_bus' has no attribute {name!r}")
    return getattr(import_module(f"cosmo_bus.{_HOMES[name]}"), name)

"""Reading what others sent: a payload may hold anything."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.envelope import Signal

HOST = "cosmo.host"
"""The meta key of a REGISTER that names the Dendrite behind the participant."""


def texts(value: Any) -> list[str]:
    """The texts in what should be a list of texts."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def listed_capabilities(register: Signal) -> list[str]:
    """What a REGISTER says its participant can do; older peers say it in the address."""
    listed = register.payload.get("capabilities")
    if not isinstance(listed, list) and register.directed is not None:
        listed = register.directed.capabilities
    return texts(listed)


def role_of(register: Signal) -> str:
    """neuron, engram or effector, as a REGISTER says; the oldest peers only tell Engrams apart."""
    role = register.payload.get("role")
    if isinstance(role, str):
        return role
    return "engram" if register.payload.get("engram") is True else "neuron"

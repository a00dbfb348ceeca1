"""What a Neuron returned, read as the reply it means (PROTOCOL 7.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosmo_sdk.signal_types import SignalType

DETECTED = (SignalType.ERROR, SignalType.CLARIFICATION, SignalType.PERMISSION)
"""The replies that detectors look for, in the order they are looked for."""


def reply_to(result: Any) -> tuple[SignalType, dict[str, Any]]:
    """The reply a result stands for: what its marker says, else an AGENT_OUTPUT."""
    if not isinstance(result, dict):
        return SignalType.AGENT_OUTPUT, {"output": {"value": result}}
    for marker, type in _MARKERS:
        if result.get(marker):
            return type, marked(type, result)
    return SignalType.AGENT_OUTPUT, {"output": result}


def marked(type: SignalType, result: dict[str, Any]) -> dict[str, Any]:
    """The payload of an ERROR, CLARIFICATION or PERMISSION, from a result that has its fields among others."""
    return _PAYLOADS[type](result)


def _picked(result: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: result[name] for name in names if result.get(name) is not None}


def _clarification(result: dict[str, Any]) -> dict[str, Any]:
    return {"question": str(result.get("question") or ""), **_picked(result, "context")}


def _permission(result: dict[str, Any]) -> dict[str, Any]:
    return {"action": str(result.get("action") or ""), **_picked(result, "scope", "reason", "context")}


def _error(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": str(result.get("code") or "NEURON_ERROR"),
        "message": str(result.get("message") or ""),
        "recoverable": bool(result.get("recoverable")),
    }


_MARKERS = (
    ("__error__", SignalType.ERROR),
    ("__clarification__", SignalType.CLARIFICATION),
    ("__permission__", SignalType.PERMISSION),
)
_PAYLOADS: dict[SignalType, Callable[[dict[str, Any]], dict[str, Any]]] = {
    SignalType.ERROR: _error,
    SignalType.CLARIFICATION: _clarification,
    SignalType.PERMISSION: _permission,
}

"""Who may join a pool. A rule is data, so that every process applies the same one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from cosmo_sdk.coordination._values import check_choice, check_count, check_id, check_json
from cosmo_sdk.coordination.models import Pool

_logger = logging.getLogger("cosmo_sdk.coordination")

_MODES = ("open", "closed", "allowlist", "capability", "named")
_KEYS = {"mode", "allow", "required_capabilities", "max_agents", "name"}


class Admission(Protocol):
    """A rule in code, known by its name."""

    def can_admit(self, agent_id: str, context: Any) -> bool:
        """Whether this agent may join; the context is a dict with `pool_id`, `agents` and `capabilities`."""
        ...


def check_admission(policy: Any) -> dict[str, Any]:
    """A policy as it is stored.

    Raises:
        TypeError: no dict, or a value of the wrong type.
        ValueError: unknown keys or mode.
    """
    if not isinstance(policy, dict):
        raise TypeError(f"admission_policy must be a dict, not {type(policy).__name__}")
    check_json("admission_policy", policy)
    unknown = policy.keys() - _KEYS
    if unknown:
        raise ValueError(
            f"admission_policy: unknown {', '.join(sorted(unknown))}; it takes {', '.join(sorted(_KEYS))}"
        )
    mode = check_choice("admission_policy mode", policy.get("mode", "open"), _MODES)
    if policy.get("max_agents") is not None:
        check_count("max_agents", policy["max_agents"])
    for name in ("allow", "required_capabilities"):
        if not _names(policy.get(name, [])):
            raise TypeError(f"admission_policy: {name} must be a list of str")
    if mode == "named":
        check_id("admission_policy name", policy.get("name"))
    return dict(policy)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def admits(pool: Pool, agent_id: str, capabilities: list[str] | None, named: Mapping[str, Admission]) -> str:
    """Why an agent may not join; empty when it may. Who cannot tell lets nobody in."""
    policy = pool.admission_policy
    most = policy.get("max_agents")
    if most is not None and len(pool.agents) >= most:
        return "full"
    match policy.get("mode", "open"):
        case "open":
            return ""
        case "allowlist":
            return "" if agent_id in policy.get("allow", ()) else "not_allowed"
        case "capability":
            missing = set(policy.get("required_capabilities", ())) - set(capabilities or ())
            return "missing_capabilities" if missing else ""
        case "named":
            return _ask(named.get(policy.get("name", "")), pool, agent_id, capabilities)
        case _:
            return "closed"


def _ask(admission: Admission | None, pool: Pool, agent_id: str, capabilities: list[str] | None) -> str:
    if admission is None:
        _logger.warning(
            "pool %s admits by %r, which this process does not know: register_admission() it",
            pool.id,
            pool.admission_policy.get("name"),
        )
        return "unknown_rule"
    context = {"pool_id": pool.id, "agents": sorted(pool.agents), "capabilities": capabilities or []}
    return "" if admission.can_admit(agent_id, context) else "not_allowed"

"""The workloads: what is measured with which parameters, on which systems, and what we are after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.opening import beside, opening
from benchmarks.processes import broker, measuring, said
from benchmarks.systems import COSMONAPSE, NATS, OURS, System

Sample = dict[str, float | None]


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    workload: str
    title: str
    run: Callable[[System, dict[str, Any]], Sample]
    parameters: dict[str, Any]
    base: System = COSMONAPSE
    figure: str = "per_s"
    """What is compared; more is better."""
    target: float | None = None
    """Times the base."""
    show: tuple[str, ...] = ()
    """Further figures."""
    limits: dict[str, float] = field(default_factory=dict)
    """Further figures that may not be larger in ours."""

    @property
    def systems(self) -> tuple[System, System]:
        """The base first."""
        return self.base, OURS


def alone(module: str) -> Callable[[System, dict[str, Any]], Sample]:
    """A workload of one process."""

    def run(system: System, parameters: dict[str, Any]) -> Sample:
        with measuring(system, module, parameters) as process:
            return said(process, "result")

    return run


def _across_a_bus(module: str, first: list[str], last: str) -> Callable[[System, dict[str, Any]], Sample]:
    """A workload of several processes and a broker: those in `first` get ready, `last` measures."""

    def run(system: System, parameters: dict[str, Any]) -> Sample:
        module_of = f"nats_{module}" if system is NATS else module
        with ExitStack() as stack:
            url = stack.enter_context(broker(system))
            for role in first[: parameters.get("subscribers")]:
                started = measuring(system, module_of, {**parameters, "url": url, "role": role})
                said(stack.enter_context(started), "ready")
            measurer = measuring(system, module_of, {**parameters, "url": url, "role": last})
            return said(stack.enter_context(measurer), "result")

    return run


requests = _across_a_bus("requests", ["worker"], "caller")
auctions = _across_a_bus("auctions", ["bidders"], "producer")
streams = _across_a_bus("streams", [str(number) for number in range(8)], "publisher")

_AUCTION = {"select": "first_bid", "window_ms": 2000, "bidders": 3}
_CROWD = {"select": "lowest_cost", "window_ms": 50, "bidders": 50, "callers": 32, "role": ""}
_NOTHING_LOST = {"no_bid": 0.0, "wrong_winner": 0.0}
_QUIET = {"select": "lowest_cost", "window_ms": 50, "bidders": 3, "callers": 1, "role": ""}
_PROMPT = {**_NOTHING_LOST, "award_p50_ms": 1.0}


def _handled(name: str, parameters: dict[str, Any], target: float | None = None) -> Case:
    """What handlers in one process cost for each signal, by the processor's time."""
    return Case(
        "W2",
        name,
        alone("handlers"),
        {"size": 40, **parameters},
        figure="per_cpu_s",
        target=target,
        show=("flood_mib",),
    )


CASES: tuple[Case, ...] = (
    Case("W1", "encode and decode, 0.4 KB", alone("codec"), {"size": 40}, target=3.5),
    Case("W1", "encode and decode, 8 KB", alone("codec"), {"size": 8192}),
    Case("W1", "read the envelope only, 0.4 KB", alone("codec"), {"size": 40, "header": True}, target=6.5),
    _handled("1 handler", {"handlers": 1}, target=20),
    _handled("1 handler that reads", {"handlers": 1, "reading": True}),
    _handled("1 handler beside 100 others", {"handlers": 1, "unrelated": 100}),
    _handled("8 handlers", {"handlers": 8}, target=10),
    _handled("8 handlers that read", {"handlers": 8, "reading": True}),
    Case("W3", "bus, 1 to 1", streams, {"size": 40, "subscribers": 1}),
    Case("W3", "bus, 1 to 8", streams, {"size": 40, "subscribers": 8}),
    Case("W3", "bus, 1 to 1, beside nats", streams, {"size": 40, "subscribers": 1}, base=NATS, target=1),
    Case("W3", "bus, 1 to 8, beside nats", streams, {"size": 40, "subscribers": 8}, base=NATS, target=1),
    Case(
        "W3", "bus, 1 to 1, 8 KB, beside nats", streams, {"size": 8192, "subscribers": 1}, base=NATS, target=1
    ),
    Case(
        "W3", "bus, 1 to 8, 8 KB, beside nats", streams, {"size": 8192, "subscribers": 8}, base=NATS, target=1
    ),
    Case(
        "W3",
        "bus, 1 to 1 at 2,000/s, beside nats",
        streams,
        {"size": 40, "subscribers": 1, "rate": 2000},
        base=NATS,
        figure="prompt_per_s",
        target=1,
        show=("p50_us", "p99_us"),
    ),
    Case(
        "W3",
        "bus, 1 to 8 at 2,000/s, beside nats",
        streams,
        {"size": 40, "subscribers": 8, "rate": 2000},
        base=NATS,
        figure="prompt_per_s",
        target=1,
        show=("p50_us", "p99_us"),
    ),
    Case(
        "W4",
        "memory, 1 caller",
        alone("requests"),
        {"callers": 1, "role": ""},
        figure="per_cpu_s",
        target=5,
        show=("p50_ms", "p99_ms"),
    ),
    Case(
        "W4",
        "memory, 64 callers",
        alone("requests"),
        {"callers": 64, "role": ""},
        figure="per_cpu_s",
        target=5,
        show=("p50_ms", "p99_ms"),
    ),
    Case(
        "W4",
        "bus, 1 caller, beside bare nats",
        requests,
        {"callers": 1},
        base=NATS,
        target=1,
        show=("p50_ms", "p99_ms"),
    ),
    Case("W4", "bus, 1 caller", requests, {"callers": 1}, show=("p50_ms", "p99_ms")),
    Case("W4", "bus, 64 callers", requests, {"callers": 64}, target=4, show=("p50_ms", "p99_ms")),
    Case(
        "W5",
        "memory, 3 bidders, 1 caller",
        alone("auctions"),
        {**_AUCTION, "callers": 1, "role": ""},
        figure="per_cpu_s",
        target=5,
    ),
    Case(
        "W5",
        "memory, 3 bidders, 32 callers",
        alone("auctions"),
        {**_AUCTION, "callers": 32, "role": ""},
        figure="per_cpu_s",
        target=5,
    ),
    Case("W5", "bus, 3 bidders, 1 caller", auctions, {**_AUCTION, "callers": 1}, target=5),
    Case("W5", "bus, 3 bidders, 32 callers", auctions, {**_AUCTION, "callers": 32}, target=5),
    Case(
        "W5",
        "memory, window of 50 ms, 3 bidders",
        alone("auctions"),
        _QUIET,
        show=tuple(_PROMPT),
        limits=_PROMPT,
    ),
    Case("W5", "bus, window of 50 ms, 3 bidders", auctions, _QUIET, show=tuple(_PROMPT), limits=_PROMPT),
    Case(
        "W5",
        "memory, 50 bidders, 32 callers",
        alone("auctions"),
        _CROWD,
        show=tuple(_NOTHING_LOST),
        limits=_NOTHING_LOST,
    ),
    Case(
        "W5", "bus, 50 bidders, 32 callers", auctions, _CROWD, show=tuple(_NOTHING_LOST), limits=_NOTHING_LOST
    ),
    Case(
        "W6",
        "open a recording of 1,000,000",
        opening,
        {"lines": 1_000_000},
        base=beside(),
        figure="per_cpu_s",
        target=1,
        show=("took_s", "rss_mib", "first_ms", "fold_us", "folded_mib", "step_back_ms"),
        limits={"rss_mib": 200.0, "first_ms": 500.0},
    ),
)

"""Samples in, table out."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.cases import Case, Sample

HEAD = ("workload", "", "ours / base", "rounds", "target", "met", "ours", "base", "further: ours (base)")


class Outcome:
    """All rounds of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.ours: list[Sample] = []
        self.base: list[Sample] = []
        self.failures: list[str] = []

    @property
    def ratios(self) -> list[float]:
        """Ours by base, for each round."""
        return [
            _figure(ours, self.case.figure) / base
            for ours, mine in zip(self.ours, self.base, strict=False)
            if (base := _figure(mine, self.case.figure))
        ]

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        verdicts = []
        if self.case.target is not None:
            verdicts.append(bool(self.ratios) and median(self.ratios) >= self.case.target)
        for name, most in self.case.limits.items():
            worst = median if name.startswith("award") else max
            verdicts.append(bool(self.ours) and worst(_figure(each, name) for each in self.ours) <= most)
        return all(verdicts) if verdicts else None

    def row(self) -> list[str]:
        """This case in the table."""
        case, ratios = self.case, self.ratios
        further = [f"{name} {_all(self.ours, name)} ({_all(self.base, name)})" for name in case.show]
        target = [] if case.target is None else [f">= {case.target:g}"]
        target += [f"{name} <= {most:g}" for name, most in case.limits.items()]
        return [
            case.workload,
            case.title,
            f"{median(ratios):.2f}" if ratios else "-",
            " ".join(f"{each:.2f}" for each in ratios),
            ", ".join(target),
            {None: "", True: "yes", False: "NO"}[self.met],
            _all(self.ours, case.figure),
            f"{_all(self.base, case.figure)} {case.base.name}",
            "; ".join(further + self.failures),
        ]

    def record(self) -> dict[str, Any]:
        """Everything, for a file."""
        case = self.case
        return {
            "workload": case.workload,
            "title": case.title,
            "parameters": case.parameters,
            "figure": case.figure,
            "base": case.base.name,
            "target": case.target,
            "limits": case.limits,
            "ratios": self.ratios,
            "met": self.met,
            "ours": self.ours,
            "samples_of_base": self.base,
            "failures": self.failures,
        }


def render(outcomes: list[Outcome]) -> str:
    """A markdown table, columns aligned."""
    rows = [list(HEAD), *(outcome.row() for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _figure(sample: Sample, name: str) -> float:
    value = sample.get(name)
    return 0.0 if value is None else value


def _all(samples: list[Sample], name: str) -> str:
    values = [value for each in samples if (value := each.get(name)) is not None]
    return short(median(values)) if values else "-"


def short(value: float) -> str:
    """A number with three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"

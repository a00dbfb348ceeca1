"""The command: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.processes import SampleFailed
from benchmarks.systems import OURS, System
from benchmarks.table import Outcome, render, short


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for, print the table. Returns the exit code: 0, or 1 when a sample failed."""
    asked = _parser().parse_args(arguments)
    cases = [case for case in CASES if _chosen(case, asked.only)]
    if asked.list:
        for case in cases:
            print(f"{case.workload}  {case.title}")
        return 0
    if not cases:
        print(f"no workload matches {' '.join(asked.only)}; --list shows them", file=sys.stderr)
        return 2
    if not asked.ours_only:
        for system in {each.name: each for case in cases for each in case.systems}.values():
            try:
                system.prepare()
            except subprocess.CalledProcessError as error:
                print(f"{system.name} cannot be installed: {error}; try --ours-only", file=sys.stderr)
                return 2
    outcomes = measure(cases, asked.rounds, asked.seconds, ours_only=asked.ours_only)
    print(render(outcomes))
    print(
        f"\n{asked.rounds} rounds of {asked.seconds:g} s, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    if asked.json is not None:
        asked.json.write_text(json.dumps([outcome.record() for outcome in outcomes], indent=1) + "\n")
    return 1 if any(outcome.failures for outcome in outcomes) else 0


def measure(cases: list[Case], rounds: int, seconds: float, *, ours_only: bool = False) -> list[Outcome]:
    """Run every case in every round, base and ours by turns first: A B, B A, ..."""
    outcomes = [Outcome(case) for case in cases]
    for number in range(rounds):
        for outcome in outcomes:
            systems = (OURS,) if ours_only else outcome.case.systems
            for system in systems if number % 2 == 0 else systems[::-1]:
                _sample(outcome, system, seconds, f"round {number + 1}/{rounds}")
    return outcomes


def _sample(outcome: Outcome, system: System, seconds: float, progress: str) -> None:
    case = outcome.case
    begin = time.monotonic()
    parameters: dict[str, Any] = {**case.parameters, "seconds": seconds}
    try:
        sample = case.run(system, parameters)
    except SampleFailed as failure:
        outcome.failures.append(f"{system.name}: {failure}")
        print(f"{progress}  {case.workload} {case.title}: {failure}", file=sys.stderr)
        return
    (outcome.ours if system is OURS else outcome.base).append(sample)
    figure = short(sample[case.figure] or 0.0)
    took = time.monotonic() - begin
    print(
        f"{progress}  {case.workload} {case.title:36} {system.name:11} {figure:>9}  ({took:.0f} s)",
        file=sys.stderr,
    )


def _chosen(case: Case, only: list[str]) -> bool:
    """Whether a case is meant: by its workload, or by words of its title."""
    return not only or any(each == case.workload or each.lower() in case.title.lower() for each in only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the SDK and its bus beside released peers, by turns, and print the ratios.",
    )
    parser.add_argument(
        "only", nargs="*", help="workloads (W1 .. W6) or words of a title; everything when left out"
    )
    parser.add_argument("--rounds", type=int, default=3, help="samples of each system (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a sample (default 2)")
    parser.add_argument("--ours-only", action="store_true", help="no peers: nothing is installed, no ratios")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    parser.add_argument("--list", action="store_true", help="show what there is, and measure nothing")
    return parser

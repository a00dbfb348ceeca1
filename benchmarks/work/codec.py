"""W1: one Signal to bytes and back, in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.work.talk import envelope, finish, sdk, told


def rate(steps: list[Callable[[], Any]], seconds: float) -> float:
    """Rounds of all steps per second: the best of many short batches, which other load disturbs least."""
    best, batch, end = 0.0, 64, time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(batch):
            for step in steps:
                step()
        took = time.perf_counter() - begin
        best = max(best, batch / took)
        if took < 0.002:
            batch *= 2
    return best


def main() -> None:
    wanted = told()
    module = sdk(wanted["sdk"])
    frame = envelope(wanted["size"])
    signal = module.Signal.decode(frame)

    def decode() -> Any:
        return module.Signal.decode(frame)

    steps = [decode, signal.encode]
    if wanted.get("header"):
        # Observers of ours read the envelope and leave the payload alone; a peer has only its decoder for that.
        reader = getattr(module, "read_header", None)
        steps = [decode if reader is None else lambda: reader(frame)]
    finish({"per_s": rate(steps, wanted["seconds"])})


if __name__ == "__main__":
    main()

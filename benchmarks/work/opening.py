"""Opening a recording: ours into the store behind the screens, a released peer's by decoding every line."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from benchmarks.work.talk import finish, sdk, told


def _used() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _figures(lines: int, begin: tuple[float, float]) -> dict[str, float]:
    took, spent = (now - then for now, then in zip(_used(), begin, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"per_cpu_s": lines / spent, "per_s": lines / took, "took_s": took, "rss_mib": memory}


def ours(path: Path) -> dict[str, float]:
    """Index all of it; and, measured after that, fold it to its end and step back."""
    from cosmo_doppler.session import open_replay

    begin = _used()
    session = open_replay(path, paused=True)
    session.pump()
    first = time.perf_counter() - begin[0]
    while session.source.load(session, 0.02):  # type: ignore[attr-defined]
        pass
    figures = _figures(len(session.store), begin)
    timeline, begin = session.timeline, _used()
    timeline.to_end()
    while timeline.seeking is not None:
        timeline.pump(0.0)
    figures["fold_us"] = (time.process_time() - begin[1]) / len(session.store) * 1e6
    figures["folded_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = _used()
    for _ in range(20):
        timeline.step(-1)
        while timeline.seeking is not None:
            timeline.pump(0.0)
    figures["step_back_ms"] = (time.perf_counter() - begin[0]) / 20 * 1e3
    return {**figures, "first_ms": first * 1e3}


def theirs(path: Path) -> dict[str, float]:
    """Decode every line, and keep where each trace's are."""
    decode = sdk("cosmonapse").Signal.decode
    begin = _used()
    traces: dict[str, list[int]] = {}
    lines = place = 0
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            traces.setdefault(decode(line).trace_id, []).append(place)
            place += len(line)
            lines += 1
    return _figures(lines, begin)


if __name__ == "__main__":
    wanted = told()
    finish((ours if wanted["sdk"] == "cosmo_sdk" else theirs)(Path(wanted["path"])))

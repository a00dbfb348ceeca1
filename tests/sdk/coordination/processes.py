"""Children that race: forked from the test, held at the line, let go together."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any


def fork(work: Callable[[], Any]) -> tuple[int, int]:
    """Run something in a forked child. Returns its pid, and a file descriptor that gives its result as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        os.close(reading)
        result = json.dumps(work()).encode()
        while result:
            result = result[os.write(writing, result) :]
        code = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def result_of(child: int, reading: int) -> Any:
    """Wait for a child and return its result; None when it was killed."""
    with os.fdopen(reading, "rb") as told:
        result = told.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -9), f"a child failed with {code}"
    return json.loads(result) if code == 0 else None


def race(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(number)` in so many forked children, all at once, and return their results."""
    waiting, go = os.pipe()

    def runner(number: int) -> Callable[[], Any]:
        def run() -> Any:
            os.close(go)
            os.read(waiting, 1)
            return work(number)

        return run

    children = [fork(runner(number)) for number in range(count)]
    os.close(waiting)
    os.close(go)
    return [result_of(*child) for child in children]

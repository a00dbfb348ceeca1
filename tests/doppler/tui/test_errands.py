"""What a screen has done beside itself."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

from textual.app import App

import cosmo_doppler
from cosmo_doppler.tui.errands import begin

HERE = Path(cosmo_doppler.__file__).parent


async def test_an_errand_that_is_ended_before_its_first_step_leaves_no_coroutine_behind() -> None:
    done = []

    async def first() -> None:
        done.append("first")

    async def second() -> None:
        done.append("second")

    app: App[None] = App()
    async with app.run_test():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            begin(app, first, exclusive=True)
            await begin(app, second, exclusive=True).wait()
            gc.collect()
    assert done == ["second"]
    assert [str(each.message) for each in told if each.category is RuntimeWarning] == []


def test_every_errand_is_begun_in_one_place() -> None:
    callers = [path.name for path in HERE.rglob("*.py") if ".run_worker(" in path.read_text(encoding="utf-8")]
    assert callers == ["errands.py"]

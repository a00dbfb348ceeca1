"""Who talks to whom, on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from tests.doppler.tui.market import START
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]


@pytest.fixture
def kitchen(recorded: Recorded, signal_frame: Any) -> Callable[[int], Session]:
    """A chef who gives work to so many cooks, twice; the second time one more is asked."""

    def build(cooks: int) -> Session:
        frames = []
        for turn in range(2):
            chef = f"CHEF{turn}"
            frames.append(
                signal_frame("TASK", chef, chef, who="chef", payload={"input": {"text": f"dinner {turn}"}})
            )
            for number in range(cooks + turn):
                task = f"T{turn}{number}"
                frames += [
                    signal_frame(
                        "TASK", task, chef, parent=chef, who=f"cook-{number}", payload={"input": {}}
                    ),
                    signal_frame("AGENT_OUTPUT", f"O{turn}{number}", chef, parent=task, who=f"cook-{number}"),
                ]
        return recorded((START + 0.01 * place, frame) for place, frame in enumerate(frames))

    return build


async def test_a_narrow_pane_lists_the_edges_in_order(kitchen: Any, shown: Shown) -> None:
    async with shown(kitchen(2), view="topology", size=(80, 40)) as screen:
        rows = [line[1:].split() for line in screen.lines if "▶" in line]
        assert [(row[0], row[2], row[-4], row[-3]) for row in rows] == [
            ("(unnamed)", "task", "chef", "2"),
            ("chef", "task", "cook-0", "2"),
            ("chef", "task", "cook-1", "2"),
            ("chef", "task", "cook-2", "1"),
            ("cook-0", "output", "chef", "2"),
            ("cook-1", "output", "chef", "2"),
            ("cook-2", "output", "chef", "1"),
        ]
        assert [row[1] == "┈┈" for row in rows] == [False, False, False, True, False, False, True]
        setup = next(line.split() for line in screen.lines if line.endswith("dinner 0"))
        # Seven edges in all, five of them in the first run: 12 of 14.
        assert setup == ["2", "86", "%", "5", "2", "dinner", "0"]


async def test_a_row_leads_to_the_latest_signal_along_it(kitchen: Any, shown: Shown) -> None:
    session = kitchen(2)
    async with shown(session, view="topology", size=(80, 40)) as screen:
        await screen.press("j", "enter")
        assert screen.stage.focused == "inspector"
        header = session.store.observed(screen.scene.seq).header
        assert (header.type, header.who, header.trace_id[-5:]) == ("TASK", "cook-0", "CHEF1")


@pytest.mark.parametrize("size", [(200, 60), (300, 80)])
async def test_a_wide_pane_draws_blocks_in_columns(kitchen: Any, shown: Shown, size: tuple[int, int]) -> None:
    async with shown(kitchen(2), view="topology", size=size) as screen:
        heads = next(line for line in screen.lines if "(unnamed) ─" in line)
        assert heads.index("(unnamed)") < heads.index("chef ─") < heads.index("cook-0 ─")


async def test_five_hundred_of_a_kind_are_read_as_one(kitchen: Any, shown: Shown) -> None:
    async with shown(kitchen(500), view="topology", size=(200, 60)) as screen:
        assert "cook-0 … cook-500 501 alike" in screen.text
        (way,) = (line for line in screen.lines if "▶ cook-0 +500" in line)
        assert "1,001 task" in way


async def test_nobody_has_spoken(recorded: Recorded, signal_frame: Any, shown: Shown) -> None:
    quiet = recorded([(START, signal_frame("REGISTER", "R", "M", who="ada"))])
    async with shown(quiet, view="topology") as screen:
        assert "Nobody has spoken to anybody yet" in screen.text

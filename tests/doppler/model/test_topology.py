"""Who talks to whom, and how alike runs of the same thing are."""

from __future__ import annotations

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.topology import MOST_EDGES, Key
from cosmo_doppler.tui.graph import Block, blocks_of, total
from tests.doppler.model.folding import fold, frame


def edges(board: Board) -> dict[tuple[str, ...], int]:
    return {tuple(key): edge.count for key, edge in board.topology.edges.items()}


def test_work_and_what_comes_back_go_between_whoever_asks_and_whoever_works():
    board = fold(
        (0, frame("TASK_OFFER", "o", input={}, capabilities=[])),
        (1, frame("BID", "b", parent="o", who="chef", cost=1.0)),
        (2, frame("TASK_AWARDED", "w", parent="b", who="chef", input={})),
        (3, frame("TASK", "t", parent="w", trace="2", who="cook", input={})),
        (4, frame("TOOL_CALL", "c", parent="t", trace="2", who="oven", tool="bake", args={})),
        (5, frame("RECALL", "r", parent="t", trace="2", who="recipes", query={})),
        (6, frame("CLARIFICATION", "q", parent="t", trace="2", who="cook", question="?")),
        (7, frame("AGENT_OUTPUT", "u", parent="t", trace="2", who="cook", output={})),
        (8, frame("AGENT_OUTPUT", "v", parent="never-published", who="chef", output={})),
        (9, frame("TASK", "s", parent="w", who="chef", input={})),
    )
    assert edges(board) == {
        ("chef", "", "bid"): 1,
        ("", "chef", "award"): 1,
        ("chef", "cook", "task"): 1,
        ("cook", "bake", "tool"): 1,
        ("cook", "recipes", "recall"): 1,
        ("cook", "chef", "question"): 1,
        ("cook", "chef", "output"): 1,
        # A released host answers under an id nobody has seen: it goes to whoever asked last on that trace.
        ("chef", "", "output"): 1,
        ("chef", "chef", "task"): 1,
    }
    assert board.topology.edges[Key("", "chef", "award")].seq == 2


def test_an_engram_is_asked_by_whoever_says_so():
    asked = frame("RECALL", "r", who="mem", query={}, meta={"cosmo.issuer": "host"})
    assert edges(fold((0, asked))) == {("host", "mem", "recall"): 1}


def test_edges_are_bounded_and_what_is_not_kept_is_counted():
    board = fold(*((0, frame("TASK", f"t{n}", who=f"w{n}", input={})) for n in range(MOST_EDGES + 7)))
    assert (len(board.topology.edges), board.topology.uncounted) == (MOST_EDGES, 7)


def run(number: int, title: str, *whos: str) -> list[tuple[float, bytes]]:
    trace = str(number)
    return [
        (number, frame("TASK", f"t{trace}{who}", trace=trace, who=who, input={"text": title})) for who in whos
    ]


def test_runs_of_the_same_thing_are_compared_by_their_edges():
    board = fold(
        *run(1, "Report 17 on Tea", "a", "b"),
        *run(2, "report 4 on tea", "a", "b"),
        *run(3, "REPORT 99 on  tea", "a", "c"),
        *run(4, "something else", "z"),
    )
    (setup,) = board.topology.setups()
    assert (setup.title, setup.runs) == ("Report 17 on Tea", 3)
    # Jaccard of each run's two edges with the three of all runs.
    assert setup.consistency == 2 / 3
    assert setup.sometimes() == {Key("", "b", "task"), Key("", "c", "task")}


def names(blocks: list[Block]) -> list[tuple[int, tuple[str, ...]]]:
    return [(block.depth, block.members) for block in blocks]


def test_blocks_stand_as_deep_as_work_has_come():
    keys = [
        Key("chef", "", "bid"),
        Key("", "chef", "award"),
        Key("chef", "cook", "task"),
        Key("cook", "pantry", "recall"),
        Key("cook", "chef", "output"),
        Key("cook", "cook", "task"),
    ]
    blocks = blocks_of(keys)
    assert names(blocks) == [(0, ("",)), (1, ("chef",)), (2, ("cook",)), (3, ("pantry",))]
    cook = blocks[2]
    assert [(way.targets, way.itself) for way in cook.ways] == [
        (("chef",), False),
        (("cook",), True),
        (("pantry",), False),
    ]


def test_circles_end():
    assert names(blocks_of([Key("a", "b", "task"), Key("b", "a", "task")])) == [(0, ("a",)), (1, ("b",))]


def test_five_hundred_alike_are_one_block():
    keys = [Key("", f"w{n}", "award") for n in range(500)] + [Key(f"w{n}", "", "output") for n in range(500)]
    board = fold(
        *((0, frame("TASK_AWARDED", f"x{n}", trace=str(n), who=f"w{n}", input={})) for n in range(500))
    )
    producer, workers = blocks_of([*keys, Key("", "other", "task")])[::2][:1] + [
        block for block in blocks_of(keys) if len(block.members) > 1
    ]
    assert workers.members == tuple(f"w{n}" for n in range(500))
    ((kind, along),) = next(way for way in producer.ways if len(way.targets) == 500).edges
    assert (kind, total(along, board.topology.edges)) == ("award", 500)

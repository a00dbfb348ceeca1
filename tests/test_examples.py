"""The examples, run as a reader runs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from cosmo_sdk import HashRing
from tests.doppler.cli.commands import Running, bus_process, environment, running
from tests.servers.provider import answer, lines, running_provider

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with bus_process(tmp_path, "--quiet") as (_, url):
        yield url


def example(name: str, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(COSMO_URL=url) if url else environment(),
        check=False,
    )


def start(name: str, *arguments: str, url: str) -> AbstractContextManager[Running]:
    return running(*arguments, program=(sys.executable, str(EXAMPLES / name)), COSMO_URL=url)


def test_everything_in_one_process() -> None:
    shown = example("one_process.py")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "HELLO!\n", "")


def test_the_cheaper_worker_wins_the_auction(url: str) -> None:
    with start("auction_worker.py", "ann", "0.005", url=url) as ann:
        ann.wait_for("ann is here")
        with start("auction_worker.py", "bob", "0.002", url=url) as bob:
            bob.wait_for("bob is here")
            shown = example("auction_producer.py", url=url)
            assert (shown.returncode, shown.stdout) == (0, "bob: The harbour wall held.\n")
            assert bob.interrupt() == 0
        assert ann.interrupt() == 0
    assert ann.out[-1] == "bye"
    assert ann.err == []


def test_an_auction_without_workers_says_so(url: str) -> None:
    assert example("auction_producer.py", url=url).stdout == "nobody bid: is a worker running?\n"


@pytest.mark.parametrize(("typed", "words"), [("y", "cleaner: deleted"), ("n", "cleaner: kept")])
def test_a_person_decides(typed: str, words: str, url: str) -> None:
    with running("answer", "--redispatch", "--url", url, stdin=subprocess.PIPE) as answer:
        answer.wait_for("waiting for questions")
        with start("ask_a_person.py", url=url) as asking:
            asking.wait_for("may I delete /tmp/old?")
            assert answer.process.stdin is not None
            answer.process.stdin.write(f"{typed}\n")
            answer.process.stdin.flush()
            asking.wait_for(words)
            assert asking.end() == 0
        assert answer.interrupt() == 0


def test_a_pool_of_workers_agrees_without_an_orchestrator(url: str, tmp_path: Path) -> None:
    def served() -> dict[str, str]:
        shown = example("pool_producer.py", url=url)
        assert shown.returncode == 0, shown.stderr
        return {line.split()[0]: line.split()[1].rstrip(":") for line in shown.stdout.splitlines()}

    registry = str(tmp_path / "pool.db")
    with start("pool_worker.py", "ann", registry, url=url) as ann:
        ann.wait_for("ann sees ann")
        with start("pool_worker.py", "bob", registry, url=url) as bob:
            ann.wait_for("ann sees ann, bob")
            bob.wait_for("bob sees ann, bob")
            both = served()
            ring = HashRing(["ann", "bob"])
            assert both == {trace: ring.owner(trace) for trace in both}
            assert len(both) == 8
            assert bob.interrupt() == 0
        ann.wait_for("ann sees ann", times=3)
        assert set(served().values()) == {"ann"}
        assert ann.interrupt() == 0
    assert ann.err == []


def test_agents_are_tested_as_the_example_shows(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "pytest", str(EXAMPLES / "test_agents.py"), "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert "3 passed" in shown.stdout, shown.stdout


def test_a_model_is_heard_as_it_speaks() -> None:
    words = [{"response": word, "done": False} for word in ("The harbour ", "wall ", "held.")]
    with (
        start_blocking_portal() as elsewhere,
        elsewhere.wrap_async_context_manager(
            running_provider(lines(*words, {"response": "", "done": True, "eval_count": 3}))
        ) as model,
    ):
        shown = example("ask_a_model.py", "What held?", model.url, "m")
        assert model.requests[0].body == {"model": "m", "prompt": "What held?", "stream": True}
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "The harbour wall held.\n(3 tokens)\n", "")


def test_a_model_that_is_not_there_is_named() -> None:
    with (
        start_blocking_portal() as elsewhere,
        elsewhere.wrap_async_context_manager(running_provider(answer({"error": "no model m"}, 404))) as model,
    ):
        shown = example("ask_a_model.py", "What held?", model.url, "m")
    assert shown.returncode == 1
    assert shown.stderr.startswith("NEURON_HTTP_404: ")
    assert shown.stderr.endswith("no model m\n")


def test_the_work_of_a_worker_that_dies_is_done_by_another() -> None:
    shown = example("coordination_leases.py")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "ann died holding wall-1",
        "released: wall-1",
        "wall-1: 2 by bob, attempt 2",
        "wall-2: 4 by bob, attempt 1",
        "wall-3: 6 by bob, attempt 1",
    ]


def test_the_winner_of_a_second_price_auction_pays_the_next_bid() -> None:
    assert example("coordination_auction.py").stdout.splitlines() == [
        "reserve 0: bob bid 55 and pays 52",
        "reserve 53: bob bid 55 and pays 53",
        "reserve 60: not sold (below_reserve)",
        "cat, to whom it is worth 52, exaggerates:",
        "reserve 0: cat bid 70 and pays 55",
    ]


def test_three_parties_find_a_day() -> None:
    assert example("coordination_negotiation.py").stdout.splitlines()[-3:] == [
        "bob accepts thursday",
        "cat accepts thursday",
        "accepted: thursday, after 3 proposals",
    ]


def test_a_vote_needs_its_quorum() -> None:
    assert example("coordination_vote.py").stdout.splitlines() == [
        "at dawn: no_quorum (sail 2; 2 of 3 needed were there)",
        "at noon: no_majority (sail 1, stay 1; 3 of 3 needed were there)",
        "at dusk: sail (sail 2, stay 1; 4 of 3 needed were there)",
    ]


def test_every_example_is_tested() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.name in tested

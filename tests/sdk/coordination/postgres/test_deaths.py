"""PostgresStore when its users are killed, and when its server is."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from cosmo_sdk import Dendrite, MemorySynapse
from cosmo_sdk.coordination import BusMirror, PostgresStore, Task, TaskManager
from tests.contracts.synapse import Inbox
from tests.postgres_server import running_postgres
from tests.sdk.coordination.mirrors import AT_ONCE, Failing
from tests.sdk.coordination.processes import fork, result_of
from tests.sdk.coordination.racers import at_the_line, check_whole, claims, let_go, submit

# A process with threads may fork here: the stores are built for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(scope="module")
def mortal_server():
    with running_postgres() as server:
        yield server


@pytest.fixture
def mortal(mortal_server, schema):
    """A server that a test may stop, kill and start, with tables of the test's own: it, and what opens a store there."""
    opened = []

    def open_store(**options):
        opened.append(PostgresStore(mortal_server.url(), schema=schema, **options))
        return opened[-1]

    yield mortal_server, open_store
    for store in opened:
        store.close()


def test_claimers_killed_at_any_point_leave_a_whole_store_and_no_lock(store):
    manager = TaskManager(store)

    def work(agent: str, calls: int):
        def run() -> str:
            die_after(store, calls)
            while (task := manager.claim_next(agent)) is not None:
                manager.start(agent, task.id)
                manager.report(agent, task.id, agent)
            return "done"

        return run

    submit(manager, 100)
    killed = 0
    for number in range(40):
        agent = f"agent{number}"
        killed += result_of(*fork(work(agent, number))) is None
        # Nobody waits for the dead: this writes at once, or fails.
        manager.release_claims_of(agent)
    assert killed == 40
    check_whole(store)
    assert [revision for revision, _ in store.events(0, 10_000)] == list(range(1, store.revision() + 1))


def die_after(store: PostgresStore, calls: int) -> None:
    """Let this process be killed by SIGKILL when it has asked its server so often, also within a transaction."""
    opening = store._connections._open
    left = calls

    def opened():
        connection = opening()
        asking = connection.execute

        def execute(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return asking(*arguments, **options)

        connection.execute = execute
        return connection

    store._connections._open = opened


def test_processes_killed_in_a_race_leave_every_task_with_one_holder_or_none(shared, url):
    names = submit(TaskManager(shared), 200)
    agents = [(f"agent{number}",) for number in range(4)]
    with at_the_line(url, *agents) as racers:
        let_go(racers)
        while len(claims(shared)) < 20:
            pass
        for racer in racers[:2]:
            racer.kill()
        assert [racer.wait() for racer in racers[2:]] == [0, 0]
    # Whoever stayed went through all of them, so none is left over.
    assert claims(shared) == dict.fromkeys(names, 1)
    check_whole(shared)
    left = TaskManager(shared)
    freed = [name for number in (0, 1) for name in left.release_claims_of(f"agent{number}")]
    assert sorted(freed) == sorted(task.id for task in left.list_pending_tasks(refresh_from_store=True))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_after_a_restart_of_the_server_everything_goes_on(mortal, how):
    server, open_store = mortal
    store = open_store()
    manager = TaskManager(store)
    names = submit(manager, 5)
    assert manager.claim("ann", names[0])
    server.stop(how)
    with pytest.raises(ConnectionError, match=r"cannot be reached: .*is the server running"):
        manager.claim("ann", names[1])
    with pytest.raises(ConnectionError, match="cannot be reached"):
        manager.list_pending_tasks(refresh_from_store=True)
    server.start()
    assert manager.claim("ann", names[1])
    assert claims(store) == {names[0]: 1, names[1]: 1}
    # And where nobody asked meanwhile, nobody notices.
    server.stop(how)
    server.start()
    assert manager.claim("ann", names[2])
    server.stop(how)
    server.start()
    assert manager.get_task(names[2]).assigned_to == "ann"


def test_a_race_goes_on_over_a_crash_of_the_server(mortal):
    """Workers that try again: what was acknowledged stands, and nothing is claimed twice."""
    server, open_store = mortal
    store = open_store(busy_timeout_ms=30_000)
    names = submit(TaskManager(store), 150)
    won: dict[str, list[str]] = {}

    def work(agent: str) -> None:
        manager = TaskManager(open_store(busy_timeout_ms=30_000))
        mine = won[agent] = []
        while True:
            try:
                task = manager.claim_next(agent)
            except ConnectionError:
                back.wait()
                continue
            if task is None:
                break
            mine.append(task.id)
            if len(mine) == 10:
                enough.release()
        manager.store.close()

    enough, back = threading.Semaphore(0), threading.Event()
    threads = [threading.Thread(target=work, args=(f"agent{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    enough.acquire()
    server.stop(signal.SIGQUIT)
    server.start()
    back.set()
    for thread in threads:
        thread.join()
    known = [name for mine in won.values() for name in mine]
    assert len(known) == len(set(known))
    assert claims(store) == dict.fromkeys(names, 1)
    # An answer may have been lost on its way; then the store knows whose the task is, and nobody else got it.
    for agent, mine in won.items():
        held = {task.id for _, task, _ in store.scan("task") if task.assigned_to == agent}
        assert held >= set(mine)


async def test_a_mirror_waits_for_its_server_and_misses_nothing(mortal):
    server, open_store = mortal
    synapse = MemorySynapse()
    await synapse.connect()
    inbox = Inbox()
    await synapse.subscribe("cosmonapse.dev.>", inbox)
    store, failing = open_store(), Failing()
    tasks = TaskManager(store)
    mirror = BusMirror(
        Dendrite(synapse=synapse, namespace="dev"),
        poll_s=0.01,
        metrics=failing,
        backoff=AT_ONCE,
    )
    mirror.attach(store)
    async with mirror:
        tasks.submit(Task("before"))
        await mirror.flush()
        server.stop(signal.SIGQUIT)
        await failing.failed.wait()
        server.start()
        tasks.submit(Task("after"))
        await mirror.flush()
        await inbox.holds(2)
    assert [signal.payload["key"] for signal in inbox.signals] == [
        "coord/task/before",
        "coord/task/after",
    ]
    assert (mirror.published, mirror.dropped) == (2, 0)
    await synapse.close()

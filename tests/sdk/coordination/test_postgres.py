"""PostgresStore beyond the contract: many machines, deaths on either side, failures in words, the server's clock."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import psycopg
import pytest

from cosmo_bus.backoff import Backoff
from cosmo_sdk import Dendrite, MemorySynapse
from cosmo_sdk.coordination import (
    BusMirror,
    ManualClock,
    PoolManager,
    PostgresStore,
    StoreBusyError,
    StoreCorruptError,
    Task,
    TaskManager,
    TaskState,
    aio,
    open_store,
)
from cosmo_sdk.coordination.models import Pool
from tests.contracts.coordination_store import broken, event
from tests.contracts.coordination_store import submit as submit_key
from tests.contracts.synapse import Inbox
from tests.postgres_server import running_postgres
from tests.sdk.coordination.claimer import ElsewhereClock
from tests.sdk.coordination.processes import fork, race, result_of
from tests.sdk.coordination.racers import at_the_line, check_whole, claims, let_go, race_of_strangers, submit

# A process with threads may fork here: the stores are built for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

_numbers = count()


@pytest.fixture
def url(postgres):
    """A database of its own, for programs that take no schema."""
    return postgres.new_database(f"db{next(_numbers)}")


@pytest.fixture(scope="module")
def mortal_server():
    with running_postgres() as server:
        yield server


@pytest.fixture
def mortal(mortal_server):
    """A server that a test may stop, kill and start, with tables of the test's own: it, and what opens a store there."""
    schema = f"mortal{next(_numbers)}"
    opened = []

    def open_store(**options):
        opened.append(PostgresStore(mortal_server.url(), schema=schema, **options))
        return opened[-1]

    yield mortal_server, open_store
    for store in opened:
        store.close()


@pytest.fixture
def shared(url):
    store = PostgresStore(url, busy_timeout_ms=30_000)
    yield store
    store.close()


@pytest.fixture
def store(open_postgres):
    return open_postgres(busy_timeout_ms=30_000)


# -- races


def test_of_eight_processes_on_two_hosts_one_gets_each_of_500_tasks(shared, url):
    hosts = ["host-a", "host-b"]
    race_of_strangers(shared, url, *[(f"agent{number}", hosts[number % 2]) for number in range(8)])


def test_forked_children_that_inherited_a_manager_race_fairly(store):
    manager = TaskManager(store)
    names = submit(manager, 60)
    assert len(manager.list_pending_tasks()) == 60
    won = race(4, lambda number: [name for name in names if manager.claim(f"agent{number}", name)])
    assert sorted(name for each in won for name in each) == names
    assert claims(store) == dict.fromkeys(names, 1)
    # The parent goes on with the same objects.
    assert manager.list_pending_tasks() == []
    assert not manager.claim("parent", names[0])


def test_of_four_processes_that_take_what_comes_next_none_gets_the_same_and_none_is_left(store):
    manager = TaskManager(store)
    names = submit(manager, 200)

    def take(number: int) -> list[str]:
        won = []
        while (task := manager.claim_next(f"agent{number}")) is not None:
            won.append(task.id)
        return won

    won = race(4, take)
    assert sorted(name for each in won for name in each) == names
    assert claims(store) == dict.fromkeys(names, 1)


def test_sixteen_threads_share_eight_connections(postgres):
    store = PostgresStore(
        f"{postgres.url()}&application_name=sixteen", schema="sixteen", busy_timeout_ms=30_000
    )
    manager = TaskManager(store)
    names = submit(manager, 20)
    won: list[str] = []
    together = threading.Barrier(16)

    def claim(agent: str) -> None:
        together.wait()
        won.extend(name for name in names if manager.claim(agent, name))

    threads = [threading.Thread(target=claim, args=(f"agent{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == names
    assert claims(store) == dict.fromkeys(names, 1)
    with psycopg.connect(store._conninfo) as other:
        # Its own name, and so one more.
        [ours] = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name='sixteen'"
        ).fetchone()
    assert ours <= 8 + 1
    store.close()


def test_four_processes_do_not_overfill_a_pool(store):
    pools = PoolManager(store)
    pools.create_pool({"id": "p", "admission_policy": {"max_agents": 5}})

    def join(number: int) -> list[str]:
        agents = [f"a{number}-{each}" for each in range(5)]
        return [agent for agent in agents if pools.join_pool(agent, "p")]

    joined = [agent for each in race(4, join) for agent in each]
    assert len(joined) == 5
    assert pools.members("p") == sorted(joined)


def test_sweepers_of_two_processes_release_each_claim_once(store):
    manager = TaskManager(store)
    names = submit(manager, 30, claim_ttl_sec=0)
    for name in names:
        manager.claim("gone", name)
    now = manager.clock.monotonic()
    released = race(2, lambda number: manager.release_expired_claims(now))
    assert sorted(name for each in released for name in each) == names


def test_who_reads_on_from_a_revision_misses_nothing_that_is_committed_later(store):
    """Four writers, whose transactions overlap, and a reader that never looks back."""

    def write(number: int) -> int:
        for each in range(40):
            store.commit(
                f"k{number}-{each}", 0, 1, events=[event(f"{number}-{each}-{part}") for part in range(3)]
            )
        return number

    seen: list[int] = []
    subjects: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set() or store.revision() > (seen[-1] if seen else 0):
            for revision, told in store.events(seen[-1] if seen else 0, limit=7):
                seen.append(revision)
                subjects.append(told.subject)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    reader = threading.Thread(target=read)
    for thread in [*threads, reader]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert seen == list(range(1, 4 * 40 * 3 + 1))
    assert len(set(subjects)) == len(seen)


def test_tables_that_many_make_at_once_are_made_once(postgres):
    schema = f"fresh{next(_numbers)}"
    ids = race(4, lambda number: PostgresStore(postgres.url(), schema=schema).store_id)
    assert len(set(ids)) == 1


# -- deaths


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


class Failing:
    """Metrics that wait for a failure."""

    def __init__(self):
        self.failed = asyncio.Event()

    def mirror(self, what, count):
        if what == "failed":
            self.failed.set()


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
        backoff=Backoff(first_s=0.005, longest_s=0.02),
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


async def test_coroutines_wait_for_the_end_of_a_task_and_let_others_run(store):
    tasks = TaskManager(store)
    tasks.submit(Task("t"))
    elsewhere = TaskManager(store)
    waiting = asyncio.create_task(tasks.wait_until_done("t", 30))
    assert await aio(elsewhere).claim("ann", "t")
    await aio(elsewhere).report("ann", "t", {"done": True})
    assert (await waiting).result == {"done": True}


class Cutting:
    """Between a store and its server: cuts the connection once the server has answered a COMMIT, which nobody hears."""

    def __init__(self, directory: str) -> None:
        self._real = f"{directory}/.s.PGSQL.5432"
        self._listener = socket.socket(socket.AF_UNIX)
        self.armed = False
        self._threads: list[threading.Thread] = []

    def listen(self, directory) -> None:
        self._listener.bind(f"{directory}/.s.PGSQL.5432")
        self._listener.listen()
        self._start(self._accept)

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._real)
            committing = threading.Event()
            back = threading.Thread(target=self._answer, args=(client, server, committing))
            back.start()
            while data := client.recv(1 << 16):
                if self.armed and b"COMMIT" in data:
                    self.armed = False
                    committing.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(self, client: socket.socket, server: socket.socket, committing: threading.Event) -> None:
        while (data := server.recv(1 << 16)) and not committing.is_set():
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cutting(postgres, tmp_path_factory):
    cutting = Cutting(str(postgres._directory))
    directory = tmp_path_factory.mktemp("cut")
    cutting.listen(directory)
    schema = f"cut{next(_numbers)}"
    store = PostgresStore(f"postgresql://postgres@/postgres?host={directory}", schema=schema)
    yield cutting, store
    store.close()
    cutting.close()


def test_a_commit_whose_answer_was_lost_is_found_again(cutting):
    line, store = cutting
    line.armed = True
    assert store.commit("k", 0, 1, events=[event("one")]) == 1
    assert not line.armed
    assert store.get_versioned("k") == (1, 1)
    assert [told.subject for _, told in store.events(0)] == ["one"]


def test_a_commit_nobody_can_ask_about_is_said_to_be_unknown(cutting):
    line, store = cutting
    line.armed = True
    with pytest.raises(ConnectionError, match="went away while a change to 'k' was being committed: look"):
        store.commit("k", 0, 1)
    assert store.get_versioned("k") == (1, 1)


def test_a_process_that_stops_within_a_transaction_does_not_hold_up_the_others_for_long(open_postgres):
    store = open_postgres(busy_timeout_ms=300)
    store.commit("k", 0, 1, events=[event("one")])
    with store._connections._lent() as stopped:
        stopped.execute("BEGIN")
        stopped.execute("UPDATE counter SET value=value+1 WHERE name='rev'")
        told = 0
        while told < 2:
            try:
                told = store.commit("k", 1, 2, events=[event("two")])
            except StoreBusyError:
                told = 0
        # The server sent it away, and what it had begun is gone.
        with pytest.raises(psycopg.Error):
            stopped.execute("COMMIT")
    assert [revision for revision, _ in store.events(0)] == [1, 2]


def test_who_waits_too_long_for_a_record_is_told_that_nothing_was_written(open_postgres):
    patient, store = open_postgres(busy_timeout_ms=60_000), open_postgres(busy_timeout_ms=50)
    store.put("k", 1)
    with patient._connections._lent() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM kv WHERE key='k' FOR UPDATE")
        with pytest.raises(StoreBusyError, match=r"others kept it for 0\.05 s .*nothing was written"):
            store.commit("k", 1, 2, events=[event("one")])
        other.execute("ROLLBACK")
    assert store.events(0) == []
    store.put("k", 2)
    assert store.get("k") == 2


def test_what_somebody_is_just_claiming_is_passed_by(open_postgres):
    store = open_postgres(busy_timeout_ms=60_000)
    for name in ("a", "b"):
        submit_key(store, f"task:{name}")
    with store._connections._lent() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM kv WHERE key='task:a' FOR UPDATE")
        assert TaskManager(store).claim_next("ann").id == "b"
        other.execute("ROLLBACK")
    assert TaskManager(store).claim_next("ann").id == "a"


def test_more_tasks_than_one_look_fetches_are_looked_through(store):
    manager = TaskManager(store)
    for number in range(70):
        manager.submit(
            Task(
                f"t{number:02}", required_capabilities=["rare" if number == 65 else "other"], priority=-number
            )
        )
    assert manager.claim_next("ann", capabilities=["rare"]).id == "t65"
    assert manager.claim_next("ann", capabilities=["rare"]) is None


# -- time


def test_leases_are_measured_by_the_server(store):
    names = submit(TaskManager(store), 2, claim_ttl_sec=60)
    here, there = TaskManager(store), TaskManager(store).bind(clock=ElsewhereClock("host-b"))
    assert here.claim("ann", names[0])
    assert there.claim("bob", names[1])
    with psycopg.connect(store._conninfo) as other:
        [there_ms] = other.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
    for name in names:
        assert abs(store.get(f"task:{name}").lease_ms - 60_000 - float(there_ms)) < 30_000
    # Three hours on the wall of the other machine are nothing.
    assert there.release_expired_claims(there.clock.monotonic()) == []
    assert here.release_expired_claims(here.clock.monotonic()) == []
    # A minute is, whoever looks.
    assert set(there.release_expired_claims(there.clock.monotonic() + 63)) == set(names)


def test_a_managers_clock_does_not_replace_the_servers(store):
    clock = ManualClock(wall_ms=5)
    TaskManager(store).bind(clock=clock)
    assert store.now_ms() > 1_600_000_000_000


# -- what cannot be


def test_broken_records_are_named(open_postgres):
    store = open_postgres()
    store.put("task:t", Task("t"))

    def write(data: bytes) -> None:
        with store._connections._lent() as connection:
            connection.execute("UPDATE kv SET value=%s", (data,))

    broken(store, "task:t", write)


def test_tables_of_another_version_are_left_alone(open_postgres):
    with open_postgres()._connections._lent() as connection:
        connection.execute("UPDATE meta SET v='2' WHERE k='schema_version'")
    with pytest.raises(StoreCorruptError, match="version 2"):
        open_postgres()


def test_a_database_that_cannot_keep_every_text_is_refused(postgres):
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    with pytest.raises(StoreCorruptError, match="LATIN1"):
        PostgresStore(postgres.url("latin"))


def test_what_is_not_there_is_only_made_when_wanted(postgres, url):
    with pytest.raises(FileNotFoundError, match="no coordination store"):
        open_store(url, create=False)
    store = open_store(url)
    again = open_store(url.replace("postgresql://", "postgres://"), create=False)
    assert store.store_id == again.store_id
    store.close()
    again.close()


def test_two_schemas_are_two_stores(postgres):
    one, other = (PostgresStore(postgres.url(), schema=f"pair{number}") for number in (1, 2))
    one.put("k", 1)
    assert other.get("k") is None
    assert one.store_id != other.store_id
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("url", "options", "error", "words"),
    [
        ("postgresql://u:geheim@127.0.0.1:1/db", {}, ConnectionError, "127.0.0.1/db cannot be reached"),
        ("postgresql://h/db?what=ever", {}, ValueError, "postgresql://user@host:port/database"),
        ("postgresql://u:geheim@[::1]x/db", {}, ValueError, "postgresql://user@host:port/database"),
        (17, {}, TypeError, "url must be a str, not int"),
        ("postgresql://h/db", {"schema": "No; DROP"}, ValueError, "small letters"),
        ("postgresql://h/db", {"busy_timeout_ms": 0}, ValueError, "busy_timeout_ms"),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(url, options, error, words):
    with pytest.raises(error, match=words) as raised:
        PostgresStore(url, **options)
    assert "geheim" not in str(raised.value)


def test_a_password_is_in_no_repr(postgres):
    store = PostgresStore(postgres.url().replace("postgres@", "postgres:geheim@"))
    assert repr(store).startswith("PostgresStore('")
    assert "geheim" not in repr(store)
    store.close()


def test_who_may_not_write_is_told_so(postgres, url):
    PostgresStore(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA cosmo_coordination TO reader")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA cosmo_coordination TO reader")
    store = PostgresStore(url.replace("postgres@", "reader@"))
    assert store.get("k") is None
    with pytest.raises(PermissionError, match="permission denied"):
        store.put("k", 1)
    store.close()
    store = PostgresStore(f"{url}&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(ConnectionError, match="takes no writes"):
        store.put("k", 1)
    store.close()


def test_text_that_postgresql_cannot_keep_is_refused(store):
    for key in ("nul\x00", "\ud800"):
        with pytest.raises(ValueError, match=r"NUL|surrogates"):
            store.put(key, 1)
    with pytest.raises(ValueError, match="PostgreSQL cannot keep that"):
        store.put("task:t", Task("t", priority=1 << 63))
    assert store.list() == []


def test_without_psycopg_it_is_said_what_to_install():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from cosmo_sdk.coordination import PostgresStore\n"
        "try: PostgresStore('postgresql://localhost/db')\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "PostgresStore needs psycopg: pip install 'cosmo-doppler[postgres]'\n"


def test_coordination_alone_imports_no_driver():
    program = "import sys, cosmo_sdk.coordination; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# -- whole views


def test_what_changed_is_read_again_and_nothing_else(store):
    manager = TaskManager(store)
    names = submit(manager, 5)
    known = {f"task:{name}": 1 for name in names}
    TaskManager(store).claim("ann", names[2])
    told = {key: (value, version) for key, value, version in store.news("task", known)}
    assert [key for key, (value, _) in told.items() if value is not None] == [f"task:{names[2]}"]
    assert told[f"task:{names[2]}"][0].state is TaskState.ASSIGNED
    assert len(told) == 5


def test_a_change_from_elsewhere_is_noticed(open_postgres):
    one, two = open_postgres(), open_postgres()
    one.changed()
    assert not one.changed()
    two.commit("k", 0, 1, events=[event("one")])
    assert one.changed()
    assert not one.changed()


def test_an_empty_store_has_nothing_that_goes_on(store):
    revision, rows = store.unended({"closed"})
    assert (revision, list(rows)) == (0, [])
    store.put("pool:p", Pool("p"))
    assert [key for key, _, _ in store.unended({"closed"})[1]] == ["pool:p"]


def test_the_server_of_these_tests_runs_as_no_root(postgres):
    assert Path(f"/proc/{postgres._process.pid}").stat().st_uid != 0

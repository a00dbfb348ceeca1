"""The commands on a NATS server, where they make sense, and one clear sentence where they do not."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cosmo_sdk import AutoBid, Axon, Dendrite, connect_synapse
from tests.doppler.cli.commands import cosmo, running, wait_until
from tests.nats_server import RunningServer, running_nats


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_nats() as server:
        yield server


async def think(input: dict[str, object], context: object) -> dict[str, object]:
    return {"echo": input}


@contextmanager
def a_worker(url: str, namespace: str) -> Iterator[None]:
    """A worker on a loop of its own, that bids."""
    ready, done = threading.Event(), threading.Event()

    async def work() -> None:
        synapse = await connect_synapse(url)
        worker = Dendrite(synapse=synapse, namespace=namespace, role="worker", auto_bid=AutoBid(cost=1.0))
        worker.attach_axon(Axon(neuron_id="writer", neuron_fn=think, capabilities=["write", "plan trips"]))
        async with worker:
            ready.set()
            await asyncio.to_thread(done.wait)
        await synapse.close()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_dispatch_offer_and_registry_reach_workers_on_nats(server, namespace):
    where = ("--url", server.url, "-n", namespace)
    with a_worker(server.url, namespace):
        done = cosmo("dispatch", *where, "--neuron", "writer", "--input", '{"a": 1}', "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["payload"]["result"] == {"echo": {"a": 1}}
        routed = cosmo("dispatch", *where, "--capabilities", "plan trips", "--input", "{}", "--json")
        assert routed.returncode == 0, routed.stderr
        won = cosmo("dispatch", *where, "--offer", "--capabilities", "write", "--input", '{"b": 2}', "--json")
        assert won.returncode == 0, won.stderr
        assert json.loads(won.stdout)["payload"]["result"] == {"echo": {"b": 2}}
        listed = cosmo("registry", "list", *where, "--expect", "1", "--json")
        assert listed.returncode == 0, listed.stderr
        assert "writer" in listed.stdout


def test_tail_and_record_see_what_passes_on_nats_and_outlive_the_server(tmp_path):
    path = tmp_path / "session.ndjson"
    with running_nats() as server:
        where = ("--url", server.url, "-n", "dev")
        with running("tail", *where) as tail, running("record", "-o", str(path), *where) as record:
            tail.wait_for("watching nats://127.0.0.1")
            record.wait_for("recording nats://127.0.0.1")
            asked = cosmo("dispatch", *where, "--neuron", "nobody", "--input", '{"n": 1}', "--timeout", "0.2")
            assert asked.returncode == 1
            tail.wait_for("TASK")
            server.kill()
            tail.wait_for("lost the bus")
            record.wait_for("lost the bus")
            with running_nats(port=server.port):
                tail.wait_for("connected to nats://127.0.0.1")
                record.wait_for("connected to nats://127.0.0.1")
                cosmo("dispatch", *where, "--neuron", "nobody", "--input", '{"n": 2}', "--timeout", "0.2")
                tail.wait_for("TASK", 2)
                wait_until(lambda: path.read_bytes().count(b'"TASK"') == 2)
                assert record.interrupt() == 0
    tasks = [json.loads(line) for line in path.read_text().splitlines() if '"TASK"' in line]
    assert [task["payload"]["input"]["n"] for task in tasks] == [1, 2]


@pytest.mark.parametrize(
    "command",
    [
        ("gate", "list"),
        ("chaos", "drop"),
    ],
)
def test_what_only_the_dev_bus_can_do_says_so(server, command):
    done = cosmo(*command, "--url", server.url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: this command works with the dev bus only, not with {server.url}; ")


def test_a_nats_server_that_is_not_there_ends_with_3_and_how_to_start_one():
    done = cosmo("dispatch", "--url", "nats://127.0.0.1:1", "--neuron", "n", "--input", "{}")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "error: cannot reach the bus at nats://127.0.0.1:1 (nothing listens there); "
        "start one with `nats-server --addr 127.0.0.1 --port 1` or name another with --url\n"
    )


def test_doppler_watches_a_nats_server_named_without_a_flag(server, namespace):
    with a_worker(server.url, namespace):
        told = cosmo("doppler", server.url, "-n", namespace, "--plain", "--for", "2s")
    assert told.returncode == 0, told.stderr
    assert "writer" in told.stdout
    both = cosmo("doppler", server.url, "--url", server.url)
    assert (both.returncode, "one place at a time" in both.stderr) == (2, True)


def test_what_logs_in_is_never_shown():
    with running_nats("--auth", "secret") as server:
        url = f"nats://secret@127.0.0.1:{server.port}"
        seen = cosmo("tail", "--url", url, "--for", "100ms")
        assert seen.returncode == 0, seen.stderr
        assert "watching nats://127.0.0.1" in seen.stderr
        wrong = cosmo("tail", "--url", url.replace("secret", "guess"), "--for", "100ms")
        assert wrong.returncode == 3
        assert "does not let us in" in wrong.stderr
        assert "secret" not in seen.stderr + wrong.stderr
        assert "guess" not in wrong.stderr


def test_without_nats_py_a_command_says_what_to_install(tmp_path):
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "__init__.py").write_text("raise ImportError('blocked')")
    done = cosmo("tail", "--url", "nats://127.0.0.1:1", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (
        2,
        "error: nats:// needs nats-py: pip install 'cosmo-doppler[nats]'\n",
    )

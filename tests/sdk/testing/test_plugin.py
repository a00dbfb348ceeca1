"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.pytest_plugin.settings import Recording, read
from cosmo_sdk import Signal
from cosmo_sdk.testing.evidence import file_name
from tests.doppler.cli.commands import cosmo

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""

SHOUTER = """
import threading
import pytest
from cosmo_sdk import Axon, SignalType

async def shout(input, context):
    return {"text": input["text"].upper()}

def shouter():
    return Axon(neuron_id="shouter", neuron_fn=shout, capabilities=["shout"])
"""

CONVERSATION = """
started = []

MARK
async def test_two_dendrites_talk(cosmo_bus, cosmo_dendrite):
    worker = await cosmo_dendrite("host", axons=[shouter()], role="worker")
    desk = await cosmo_dendrite("desk")
    started.extend([worker, desk])
    reply = await desk.dispatch_and_wait(neuron="shouter", input={"text": "hey"})
    assert reply.payload == {"output": {"text": "HEY"}}
    output = await cosmo_bus.expect(SignalType.AGENT_OUTPUT)
    assert output.id == reply.id
    assert cosmo_bus.transcript.types(reply) == ["TASK", "AGENT_OUTPUT"]

def test_they_were_stopped_on_their_loop_and_the_bus_is_gone():
    assert not [thread for thread in threading.enumerate() if thread.name == "cosmo-test-bus"]
    assert [dendrite.running for dendrite in started] == [False, False]
    assert not any(dendrite.synapse.connected for dendrite in started)

MARK
async def test_a_fixture_may_hold_them(worker, cosmo_bus):
    assert worker.running
    await cosmo_bus.expect(SignalType.REGISTER)

@FIXTURE
async def worker(cosmo_dendrite):
    yield await cosmo_dendrite("host", axons=[shouter()], role="worker")
"""


@pytest.fixture
def pytester(pytester, monkeypatch):
    pytester.makeconftest(CONFTEST)
    # Nothing of ours shall help or hinder, and what takes long to load least of all.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:textual-snapshot -p no:syrupy -p no:cacheprovider")
    return pytester


def recordings(pytester, directory=".cosmo-record"):
    return sorted(path.name for path in (pytester.path / directory).glob("*.ndjson"))


@pytest.mark.parametrize(
    ("ini", "mark", "fixture"),
    [
        ("anyio_mode = auto", "", "pytest.fixture"),
        ("anyio_mode = strict", "@pytest.mark.anyio", "pytest.fixture"),
        ("asyncio_mode = auto", "", "pytest.fixture"),
        ("asyncio_mode = strict", "@pytest.mark.asyncio", "__import__('pytest_asyncio').fixture"),
    ],
)
def test_dendrites_start_and_stop_under_every_plugin_for_coroutines(pytester, ini, mark, fixture):
    both = "asyncio_default_fixture_loop_scope = function\nfilterwarnings = error"
    pytester.makeini(f"[pytest]\n{ini}\n{both}")
    pytester.makepyfile(SHOUTER + CONVERSATION.replace("MARK", mark).replace("FIXTURE", fixture))
    pytester.runpytest_subprocess().assert_outcomes(passed=3)


def test_classes_and_fixtures_asked_for_late_are_served_by_both_plugins(pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    pytester.makepyfile(
        """
        import pytest

        started = []

        class TestInAClass:
            @pytest.mark.parametrize("name", ["a", "b"])
            @pytest.mark.asyncio
            async def test_asyncio(self, name, cosmo_dendrite):
                started.append(await cosmo_dendrite(name))
                assert isinstance(self, TestInAClass)

            @pytest.mark.anyio
            async def test_anyio(self, cosmo_dendrite):
                started.append(await cosmo_dendrite("c"))
                assert isinstance(self, TestInAClass)

        @pytest.mark.asyncio
        async def test_late(request):
            started.append(await request.getfixturevalue("cosmo_dendrite")("d"))

        @pytest.mark.anyio
        async def test_late_too(request):
            started.append(await request.getfixturevalue("cosmo_dendrite")("e"))

        def test_all_stopped():
            assert [dendrite.dendrite_id for dendrite in started] == list("abcde")
            assert not any(dendrite.running or dendrite.synapse.connected for dendrite in started)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=6)


def test_a_test_without_a_loop_watches_other_processes(pytester):
    pytester.makepyfile(
        agent="""
        import asyncio, os
        from cosmo_sdk import connect_synapse, Dendrite

        async def main():
            synapse = await connect_synapse(os.environ["COSMO_URL"])
            async with Dendrite(synapse=synapse, dendrite_id="agent") as agent:
                await agent.dispatch_task(neuron="ann", input={"x": 1})
            await synapse.close()

        asyncio.run(main())
        """
    )
    pytester.makepyfile(
        """
        import os, subprocess, sys
        import pytest
        from cosmo_sdk import SignalType

        def test_it_asks_ann(cosmo_bus):
            environment = {**os.environ, "COSMO_URL": cosmo_bus.url}
            subprocess.run([sys.executable, "agent.py"], check=True, env=environment, timeout=30)
            task = cosmo_bus.wait_for(SignalType.TASK, neuron="ann", within_s=10)
            assert task.payload == {"input": {"x": 1}}
            with pytest.raises(AssertionError, match="expected FINAL within 0.01 s, and it never came"):
                cosmo_bus.wait_for(SignalType.FINAL, within_s=0.01)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_scripted_synapse_is_at_hand(pytester):
    pytester.makeini("[pytest]\nanyio_mode = auto\naddopts = -p no:asyncio\nfilterwarnings = error")
    pytester.makepyfile(
        SHOUTER
        + """
from hypothesis import HealthCheck, given, settings, strategies as st

async def test_a_script(cosmo_synapse, cosmo_dendrite, cosmo_clock):
    cosmo_synapse.when(SignalType.TASK, neuron="ann").outputs("done", after_s=100)
    desk = await cosmo_dendrite("desk", synapse=cosmo_synapse)
    reply = await cosmo_clock.run(desk.dispatch_and_wait(neuron="ann", input={}, timeout_s=200))
    assert reply.payload == {"output": "done"}
    assert cosmo_clock.monotonic() == 100

seen = []

@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=5)
@given(text=st.text())
async def test_many_examples_each_with_its_own_dendrites(text, cosmo_synapse, cosmo_dendrite):
    assert all(not worker.running for worker in seen)
    seen.append(await cosmo_dendrite("host", axons=[shouter()], synapse=cosmo_synapse))
"""
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


# -- recordings

MARKET = (
    SHOUTER
    + """
import asyncio

async def test_fails(cosmo_bus, cosmo_dendrite):
    desk = await cosmo_dendrite("desk", axons=[shouter()])
    await desk.dispatch_and_wait(neuron="shouter", input={"text": "hey"})
    assert not "what the agent did"

async def test_passes(cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()])

async def test_without_a_bus():
    assert not "anything"

@pytest.mark.xfail(reason="known", strict=True)
async def test_is_expected_to_fail(cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()])
    assert not "yet"

async def test_in_memory(cosmo_synapse, cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()], synapse=cosmo_synapse)
    await cosmo_synapse.expect(SignalType.BID, within_s=0)

@pytest.fixture
def broken_end(cosmo_dendrite):
    yield
    raise RuntimeError("broken end")

async def test_breaks_at_its_end(broken_end, cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()])

@pytest.fixture
async def broken_start(cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()])
    raise RuntimeError("broken start")

async def test_breaks_at_its_start(broken_start):
    pass
"""
)
OUTCOME = {"passed": 2, "failed": 3, "errors": 2, "xfailed": 1}
FAILING = [
    "test_market.py--test_breaks_at_its_end.ndjson",
    "test_market.py--test_breaks_at_its_start.ndjson",
    "test_market.py--test_fails.ndjson",
    "test_market.py--test_in_memory.ndjson",
]
PASSING = ["test_market.py--test_is_expected_to_fail.ndjson", "test_market.py--test_passes.ndjson"]


@pytest.fixture
def market(pytester):
    pytester.makeini(
        "[pytest]\nanyio_mode = auto\naddopts = -p no:asyncio --strict-markers\nfilterwarnings = error"
    )
    pytester.makepyfile(test_market=MARKET)
    return pytester


def test_nothing_is_recorded_unless_asked(market):
    result = market.runpytest_subprocess()
    result.assert_outcomes(**OUTCOME)
    assert not (market.path / ".cosmo-record").exists()
    result.stdout.fnmatch_lines(["*cosmo signals*", "trc_*", "└─ REGISTER · shouter*"])
    result.stdout.no_fnmatch_line("*cosmo recording*")


def test_failing_tests_leave_a_recording_that_doppler_opens(market):
    result = market.runpytest_subprocess("--cosmo-record")
    result.assert_outcomes(**OUTCOME)
    assert recordings(market) == FAILING
    path = market.path / ".cosmo-record" / "test_market.py--test_fails.ndjson"
    result.stdout.fnmatch_lines(["*cosmo recording*", f"* signals, open them with: cosmo doppler {path}"])
    lines = list(read_recording(path))
    assert [line.problem for line in lines] == [""] * len(lines)
    kinds = [str(Signal.decode(line.frame).type) for line in lines]
    assert kinds == ["REGISTER", "TASK", "AGENT_OUTPUT", "DEREGISTER"]
    assert lines[0].subject == "cosmonapse.default.REGISTER"
    assert lines[0].at is not None
    *_, last = read_recording(path.with_name("test_market.py--test_breaks_at_its_start.ndjson"))
    assert Signal.decode(last.frame).type == "DEREGISTER"
    shown = cosmo("doppler", str(path), "--screenshot", str(market.path / "fails.svg"))
    assert shown.returncode == 0, shown.stderr
    assert "shouter" in (market.path / "fails.svg").read_text(encoding="utf-8")
    # The next run begins anew: what is fixed leaves nothing behind.
    market.runpytest_subprocess("--cosmo-record", "-k", "test_fails")
    assert len(list(read_recording(path))) == 4


def test_the_ini_value_may_ask_for_all_recordings_in_a_place(market):
    market.makeini("[pytest]\nanyio_mode = auto\naddopts = -p no:asyncio\ncosmo_record = all:kept/here")
    market.runpytest_subprocess().assert_outcomes(**OUTCOME)
    assert recordings(market, "kept/here") == sorted(FAILING + PASSING)
    assert (market.path / "kept" / "here" / ".gitignore").read_text() == "*\n"
    market.runpytest_subprocess("--cosmo-record=off", "-k", "test_fails")
    assert "test_market.py--test_fails.ndjson" in recordings(market, "kept/here")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("off", None),
        ("False", None),
        ("on", Recording(Path("/default"), everything=False)),
        ("TRUE", Recording(Path("/default"), everything=False)),
        ("all", Recording(Path("/default"), everything=True)),
        ("all:", Recording(Path("/default"), everything=True)),
        ("all:kept", Recording(Path("/base/kept"), everything=True)),
        ("kept", Recording(Path("/base/kept"), everything=False)),
        ("/elsewhere", Recording(Path("/elsewhere"), everything=False)),
        ("allies", Recording(Path("/base/allies"), everything=False)),
    ],
)
def test_what_the_option_means(text, meant):
    assert read(text, Path("/base"), Path("/default")) == meant
    if meant is not None:
        assert read(str(meant), Path("/other"), Path("/other")) == meant


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/test_market.py::test_bids[ann]", "tests.test_market.py--test_bids[ann]"),
        ("t.py::Test::test_a[x/y]", "t.py--Test--test_a[x.y]"),
        ("t.py::test_a[ü\x00]", "t.py--test_a[__]-"),
        ("t.py::test_a[" + "x" * 300 + "]", "t.py--test_a[xxxx"),
    ],
)
def test_a_test_names_its_file(test, name):
    named = file_name(test)
    assert named.startswith(name)
    assert (named == name) == (not name.endswith(("-", "xxxx")))
    assert len(named.encode()) < 200


def test_a_marker_records_one_test(market):
    market.makepyfile(
        test_marked=SHOUTER
        + """
@pytest.mark.cosmo_record
@pytest.mark.parametrize("fails", [True, False])
async def test_marked(cosmo_dendrite, fails):
    await cosmo_dendrite("desk", axons=[shouter()])
    assert not fails

@pytest.mark.cosmo_record(always=True)
async def test_always(cosmo_dendrite):
    await cosmo_dendrite("desk", axons=[shouter()])
"""
    )
    market.runpytest_subprocess().assert_outcomes(passed=4, failed=4, errors=2, xfailed=1)
    assert recordings(market) == [
        "test_marked.py--test_always.ndjson",
        "test_marked.py--test_marked[True].ndjson",
    ]


def test_workers_of_xdist_record_where_the_run_says(market):
    result = market.runpytest_subprocess("-n", "2", "--cosmo-record=evidence")
    result.assert_outcomes(**OUTCOME)
    assert recordings(market, "evidence") == FAILING
    result.stdout.fnmatch_lines(
        [f"* signals, open them with: cosmo doppler {market.path}/evidence/test_market*"]
    )


def test_what_looks_like_tests_to_run_is_no_directory_for_recordings(market):
    for place in ("test_market.py", "."):
        result = market.runpytest_subprocess("--cosmo-record", place)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*write `pytest --cosmo-record=on {place}`*"])


def test_a_test_that_takes_its_process_down_leaves_its_recording(market):
    market.makepyfile(
        test_crash=SHOUTER
        + """
import os

async def test_crashes(cosmo_dendrite, cosmo_bus):
    desk = await cosmo_dendrite("desk", axons=[shouter()])
    await cosmo_bus.expect(SignalType.REGISTER)
    os._exit(7)
"""
    )
    assert market.runpytest_subprocess("test_crash.py", "--cosmo-record").ret == 7
    [line] = read_recording(market.path / ".cosmo-record" / "test_crash.py--test_crashes.ndjson")
    assert Signal.decode(line.frame).type == "REGISTER"


# -- at rest


def test_a_run_without_agents_loads_no_sdk(tmp_path):
    program = "import sys, pytest; pytest.main(['--co', '-q', '-p', 'no:cacheprovider']); print(*sys.modules, sep='\\n')"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = shown.stdout.split()
    assert "cosmo_doppler.pytest_plugin.plugin" in loaded
    assert not {"cosmo_sdk", "cosmo_bus", "msgspec"} & set(loaded)


def test_the_fixtures_and_the_option_are_documented(pytester):
    shown = pytester.runpytest("-p", "no:asyncio", "--fixtures").stdout
    shown.fnmatch_lines_random(["cosmo_bus*", "cosmo_clock*", "cosmo_dendrite*", "cosmo_synapse*"])
    pytester.runpytest("-p", "no:asyncio", "--help").stdout.fnmatch_lines(["*--cosmo-record=[[]DIR[]]*"])
    pytester.runpytest("-p", "no:asyncio", "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.cosmo_record(always=False):*"]
    )

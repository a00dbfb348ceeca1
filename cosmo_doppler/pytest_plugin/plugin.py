"""What pytest loads: fixtures, and the hooks behind them. The SDK is imported when a test asks for a fixture.

Dendrites must stop on the loop that runs them, and which plugin owns that loop (anyio's, pytest-asyncio, another) is not for
us to say. So the fixtures here are plain ones, and a coroutine test is wrapped: the Dendrites it was given stop inside
it, after its last line.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from cosmo_doppler.pytest_plugin.settings import HELP, OPTION, configure, recording_of

if TYPE_CHECKING:
    from cosmo_sdk import Dendrite
    from cosmo_sdk.testing import BusInThread, ManualClock, ScriptedSynapse
    from cosmo_sdk.testing.evidence import Evidence
    from cosmo_sdk.testing.stage import Stage


@dataclass
class _Running:
    """What a test was given, and what becomes of it."""

    stage: Stage
    evidence: Evidence | None
    keep: bool
    """Whether its recording stays: from the beginning, or because something failed."""


_RUNNING: pytest.StashKey[_Running] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--cosmo-record` and its ini value."""
    group = parser.getgroup("cosmo", "agents and their buses")
    group.addoption(
        "--cosmo-record", dest=OPTION, nargs="?", const="on", default=None, metavar="DIR", help=HELP
    )
    parser.addini(OPTION, HELP, default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker and settle where recordings go."""
    config.addinivalue_line(
        "markers",
        "cosmo_record(always=False): leave a recording of this test's bus when it fails, or always",
    )
    configure(config)


# -- fixtures


@pytest.fixture
def _cosmo_stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    from cosmo_sdk.testing.evidence import Evidence
    from cosmo_sdk.testing.stage import Stage

    item: pytest.Item = request.node
    recording = recording_of(item)
    evidence = None if recording is None else Evidence(recording.directory, item.nodeid)
    stage = Stage(None if evidence is None else evidence.note)
    item.stash[_RUNNING] = _Running(stage, evidence, keep=recording is not None and recording.everything)
    yield stage
    stage.close()


@pytest.fixture
def cosmo_bus(_cosmo_stage: Stage) -> BusInThread:
    """A real dev bus on a free port, for this test: `url`, `inject(...)`, `wait_for(...)`, `await expect(...)`."""
    return _cosmo_stage.bus


@pytest.fixture
def cosmo_clock(_cosmo_stage: Stage) -> ManualClock:
    """The manual clock of `cosmo_synapse`."""
    return _cosmo_stage.clock


@pytest.fixture
def cosmo_synapse(_cosmo_stage: Stage) -> ScriptedSynapse:
    """A bus in memory that remembers and answers by script: `when(...)`, `inject(...)`, `await expect(...)`."""
    return _cosmo_stage.synapse


@pytest.fixture
def cosmo_dendrite(_cosmo_stage: Stage) -> Callable[..., Awaitable[Dendrite]]:
    """A factory of started Dendrites, stopped with the test: `await cosmo_dendrite("worker", axons=[...], role="worker")`."""
    return _cosmo_stage.dendrite


# -- the end of a test


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Have a coroutine test stop its Dendrites before its loop goes."""
    running = item.stash.get(_RUNNING, None)
    if running is None or not isinstance(item, pytest.Function):
        return (yield)
    stage = running.stage
    whole = item.obj
    inner = getattr(whole, "hypothesis", None)
    if inner is not None and inspect.iscoroutinefunction(inner.inner_test):
        # Hypothesis calls the coroutine behind its own function many times.
        test, inner.inner_test = inner.inner_test, _leaving(inner.inner_test, stage)
        try:
            return (yield)
        finally:
            inner.inner_test = test
    if inspect.iscoroutinefunction(whole):
        item.obj = _leaving(whole, stage)
        try:
            return (yield)
        finally:
            item.obj = whole
    return (yield)


def _leaving(test: Callable[..., Awaitable[Any]], stage: Stage) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(test)
    async def run(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return await test(*args, **kwargs)
        finally:
            await stage.leave()

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show under a failing test what crossed its bus, and keep or drop its recording once it is over."""
    report = yield
    running = item.stash.get(_RUNNING, None)
    if running is None:
        return report
    evidence = running.evidence
    if report.failed:
        running.keep = True
        if crossed := running.stage.summary():
            report.sections.append(("cosmo signals", crossed))
        if evidence is not None and evidence.frames:
            told = f"{evidence.frames:,} signals, open them with: cosmo doppler {evidence.path}"
            report.sections.append(("cosmo recording", told))
    if report.when == "teardown":
        del item.stash[_RUNNING]
        if evidence is not None:
            evidence.close(keep=running.keep)
    return report

"""How long connections live: shared while a Neuron is in use, and gone with whatever ends first."""

from __future__ import annotations

import asyncio
import gc
import warnings

import pytest
from anyio.from_thread import start_blocking_portal

from cosmo_sdk import Neuron
from tests.servers.provider import Answer, answer, running_provider

TOLD = answer({"generated_text": "four"})
ASK = {"prompt": "2+2?"}


async def test_calls_share_a_connection():
    async with running_provider(TOLD) as provider, Neuron(source="hf", endpoint=provider.url) as neuron:
        for _ in range(5):
            await neuron(ASK)
        assert (provider.connections, provider.open) == (1, 1)


async def test_calls_at_the_same_time_do_not_wait_for_each_other():
    async with running_provider(TOLD) as provider, Neuron(source="hf", endpoint=provider.url) as neuron:
        answers = await asyncio.gather(*[neuron(ASK) for _ in range(20)])
        assert [each["response"] for each in answers] == ["four"] * 20
        assert len(provider.requests) == 20


async def test_closing_ends_the_connections_and_a_later_call_opens_one():
    async with running_provider(TOLD) as provider:
        neuron = Neuron(source="hf", endpoint=provider.url)
        await neuron.aclose()
        await neuron(ASK)
        await neuron.aclose()
        await neuron.aclose()
        await asyncio.wait_for(provider.gone.wait(), 10)
        assert provider.open == 0
        assert (await neuron(ASK))["response"] == "four"
        assert provider.connections == 2
        await neuron.aclose()


async def test_a_neuron_that_is_dropped_hangs_up_without_a_warning():
    async with running_provider(TOLD) as provider:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            neuron: Neuron | None = Neuron(source="hf", endpoint=provider.url)
            assert neuron is not None
            await neuron(ASK)
            assert provider.open == 1
            neuron = None
            gc.collect()
            await asyncio.wait_for(provider.gone.wait(), 10)
        assert provider.open == 0


def test_a_neuron_serves_one_loop_after_the_other_and_leaves_nothing_open(recwarn: pytest.WarningsRecorder):
    async def ask_twice(neuron: Neuron) -> None:
        for _ in range(2):
            await neuron(ASK)

    with (
        start_blocking_portal() as elsewhere,
        elsewhere.wrap_async_context_manager(running_provider(TOLD)) as provider,
    ):
        neuron = Neuron(source="hf", endpoint=provider.url)
        asyncio.run(ask_twice(neuron))
        asyncio.run(ask_twice(neuron))
        assert (provider.connections, len(provider.requests)) == (2, 4)
    del neuron
    gc.collect()
    assert list(recwarn) == []


def test_a_loop_that_ends_hangs_up(recwarn: pytest.WarningsRecorder):
    async def ask() -> Neuron:
        async with running_provider(TOLD) as provider:
            neuron = Neuron(source="hf", endpoint=provider.url)
            await neuron(ASK)
            return neuron

    kept = asyncio.run(ask())
    gc.collect()
    assert list(recwarn) == []
    asyncio.run(kept.aclose())


async def test_a_call_that_is_cancelled_hangs_up():
    async with (
        running_provider(Answer(never=True)) as provider,
        Neuron(source="hf", endpoint=provider.url) as neuron,
    ):
        call = asyncio.ensure_future(neuron(ASK))
        await provider.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(provider.gone.wait(), 10)
        assert provider.open == 0

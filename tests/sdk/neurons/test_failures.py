"""Providers that fail: what the ERROR says, whether trying again may help, and what must never be told."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from cosmo_sdk import Axon, Neuron, NeuronError, RetryStrategy, Signal, SignalType
from tests.sdk.dendrite.room import open_room
from tests.servers.provider import Answer, answer, events, lines, running_provider

KEY = "sk-very-secret"
FOUR = {"choices": [{"message": {"content": "four"}}]}


async def failure(*answers: Answer, source: Any = "openai", input: Any = None, **options: Any) -> NeuronError:
    needed: dict[str, Any] = {"openai": {"model": "m", "api_key": KEY}, "ollama": {"model": "m"}}.get(
        source, {}
    )
    async with (
        running_provider(*answers) as provider,
        Neuron(source=source, endpoint=provider.url, **{**needed, **options}) as neuron,
    ):
        with pytest.raises(NeuronError) as raised:
            await neuron(input or {"prompt": "2+2?"}, [])
    error = raised.value
    assert KEY not in str(error)
    return error


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_recoverable(status: int):
    error = await failure(answer({"error": {"message": "busy"}}, status))
    assert (error.recoverable, error.code) == (True, f"NEURON_HTTP_{status}")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_what_stays_is_not(status: int):
    error = await failure(answer({"error": {"message": "no"}}, status))
    assert (error.recoverable, error.code) == (False, f"NEURON_HTTP_{status}")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no such  model", "type": "invalid_request_error"}}', "no such model"),
        (b'{"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}', "model: x"),
        (b'{"error": "model \'x\' not found"}', "model 'x' not found"),
        (b'{"object": "error", "message": "Invalid model"}', "Invalid model"),
        (
            b'{"detail": [{"loc": ["body"], "msg": "Field required"}, {"msg": "too short"}]}',
            "Field required; too short",
        ),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b"upstream\n  is down", "upstream is down"),
        (b"<html><body>404</body></html>", "an HTML page"),
        (b'{"error": {"message": "' + b"x" * 999 + b'"}}', "x" * 299 + "…"),
        (b'{"error": {"message": "the key sk-very-secret is wrong"}}', "the key *** is wrong"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
    ids=range(11),
)
async def test_the_provider_is_quoted_in_one_short_line(body: bytes, said: str):
    error = await failure(Answer(body, 404))
    assert str(error).endswith(f"/chat/completions answered 404: {said}")


async def test_an_empty_refusal_has_its_status():
    assert str(await failure(Answer(b"", 502))).endswith("/chat/completions answered 502")


async def test_a_provider_that_moved_is_not_followed_with_the_key():
    error = await failure(Answer(b"", 308, {"location": "https://elsewhere.example/v2"}))
    assert not error.recoverable
    assert "moved to https://elsewhere.example/v2" in str(error)


async def test_whoever_sent_no_key_is_told_how(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    error = await failure(answer({"error": "who are you?"}, 401), source="groq", model="m")
    assert str(error).endswith("(no key was sent: pass api_key= or set GROQ_API_KEY)")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("20", 20.0), ("1.5", 1.5), ("-3", 0.0), ("soon", None), ("nan", None), ("inf", None)],
)
async def test_how_long_to_wait_is_passed_on(told: str, seconds: float | None):
    error = await failure(answer({}, 429, retry_after=told))
    assert error.meta == ({} if seconds is None else {"cosmo.retry_after_s": seconds})


async def test_how_long_to_wait_may_be_a_date():
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = await failure(answer({}, 503, retry_after=in_an_hour))
    assert 3500 < error.meta["cosmo.retry_after_s"] <= 3600


async def test_a_provider_that_says_nothing_is_late():
    error = await failure(Answer(never=True), timeout=0.05)
    assert (error.code, error.recoverable) == ("NEURON_TIMEOUT", True)
    assert str(error).endswith("did not answer within 0.05 s")


async def test_nobody_there_is_recoverable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://user:{KEY}@127.0.0.1:{taken.getsockname()[1]}"
        async with Neuron(source="ollama", model="m", endpoint=endpoint) as neuron:
            with pytest.raises(NeuronError) as raised:
                await neuron({"prompt": "?"}, [])
    assert (raised.value.code, raised.value.recoverable) == ("NEURON_UNREACHABLE", True)
    assert KEY not in str(raised.value)
    assert KEY not in repr(neuron)


async def test_a_connection_that_breaks_is_recoverable():
    error = await failure(Answer(b'{"choices": [', cut=True))
    assert (error.code, error.recoverable) == ("NEURON_UNREACHABLE", True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello",
        b'{"choices": [',
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"choices": 3}',
        b"{}",
        b"\xff",
    ],
)
async def test_an_answer_that_is_none_fails_for_good(body: bytes):
    error = await failure(Answer(body))
    assert (error.code, error.recoverable) == ("NEURON_BAD_ANSWER", False)


@pytest.mark.parametrize(
    ("told", "code", "recoverable"),
    [
        ({"message": "slow down", "code": 429}, "NEURON_HTTP_429", True),
        ({"message": "no", "code": "400"}, "NEURON_HTTP_400", False),
        ({"message": "too much", "type": "overloaded_error"}, "NEURON_HTTP_529", True),
        ("it broke", "NEURON_PROVIDER_ERROR", False),
    ],
)
async def test_an_error_that_comes_as_a_success_is_one(told: Any, code: str, recoverable: bool):
    error = await failure(answer({"error": told}))
    assert (error.code, error.recoverable) == (code, recoverable)


async def test_an_error_within_a_stream_ends_it():
    half = {"choices": [{"delta": {"content": "fo"}}]}
    placed = {"error": {"message": f"{KEY} is busy", "type": "rate_limit_error"}}
    error = await failure(events(half, placed), stream=True)
    assert (error.code, error.recoverable) == ("NEURON_HTTP_429", True)
    assert "*** is busy" in str(error)
    error = await failure(lines({"response": "fo"}, {"error": "out of memory"}), source="ollama", stream=True)
    assert (error.code, error.recoverable) == ("NEURON_PROVIDER_ERROR", True)


async def test_a_refused_stream_says_why():
    error = await failure(answer({"error": {"message": "busy"}}, 503), stream=True)
    assert (error.code, error.recoverable) == ("NEURON_HTTP_503", True)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (events({"choices": [{"delta": {"content": "fo"}}]}, done=False), "NEURON_CUT_OFF"),
        (
            replace(events({"choices": [{"delta": {"content": "fo"}}]}, done=False), stalls=True),
            "NEURON_TIMEOUT",
        ),
        (events({"choices": [{"delta": {"content": "fo"}}]}, done=False, cut=True), "NEURON_UNREACHABLE"),
        (events('{"choices": [', done=False), "NEURON_BAD_ANSWER"),
        (events([1, 2]), "NEURON_BAD_ANSWER"),
        (Answer(headers={"content-type": "text/event-stream"}, pieces=[b"<html>\n\n"]), "NEURON_CUT_OFF"),
    ],
    ids=range(6),
)
async def test_half_a_stream_is_no_answer(told: Answer, code: str):
    error = await failure(told, stream=True, **({"timeout": 0.3} if told.stalls else {}))
    assert (error.code, error.recoverable) == (code, code != "NEURON_BAD_ANSWER")


async def test_only_the_beginning_of_a_refusal_is_read():
    endless = Answer(status=500, pieces=[b"x" * (1 << 20)] * 64)
    assert (await failure(endless)).code == "NEURON_HTTP_500"


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str):
    with pytest.raises(ValueError, match="has characters that no key has") as raised:
        Neuron(source="openai", model="m", api_key=key)
    assert key not in str(raised.value)


async def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with running_provider(answer({"error": f"wrong key {KEY}"}, 401)) as provider:
        neuron = Neuron(source="openai", model="m", api_key=KEY, endpoint=provider.url)
        reply = await Axon(neuron_id="n", neuron_fn=neuron).handle_task(
            Signal(type=SignalType.TASK, payload={"input": {"prompt": "?"}})
        )
        await neuron.aclose()
    assert reply.payload["code"] == "NEURON_HTTP_401"
    assert KEY not in str(reply.payload)
    told = [record for record in caplog.records if record.name.startswith("cosmo")]
    assert told
    assert not any(KEY in (record.exc_text or "") + record.getMessage() for record in told)


async def test_a_stopped_task_hangs_up():
    async with running_provider(Answer(never=True)) as provider, open_room() as room:
        await room.worker("writer", Neuron(source="ollama", model="m", endpoint=provider.url))
        desk = await room.dendrite()
        task = await desk.dispatch_task(neuron="writer", input={"prompt": "?"})
        await provider.asked.wait()
        await desk.emit_stop(trace_id=task.trace_id)
        await asyncio.wait_for(provider.gone.wait(), 10)
        assert provider.open == 0


async def test_a_task_that_is_stopped_amid_its_stream_hangs_up():
    half = replace(lines({"response": "fo", "done": False}), stalls=True)
    async with running_provider(half) as provider, open_room() as room:
        neuron = Neuron(source="ollama", model="m", endpoint=provider.url, stream=True)
        await room.worker("writer", neuron)
        desk = await room.dendrite()
        heard = asyncio.Event()

        @desk.on_thought_delta
        async def hear(thought: Signal) -> None:
            heard.set()

        await desk.ensure_subscribed(SignalType.THOUGHT_DELTA)
        task = await desk.dispatch_task(neuron="writer", input={"prompt": "?"})
        await asyncio.wait_for(heard.wait(), 10)
        await desk.emit_stop(trace_id=task.trace_id)
        await asyncio.wait_for(provider.gone.wait(), 10)
        assert provider.open == 0
        assert room.of(SignalType.ERROR, SignalType.AGENT_OUTPUT) == []


async def test_a_recoverable_failure_is_retried_to_success():
    busy = answer({"error": {"message": "slow down"}}, 429, retry_after="7")
    async with running_provider(busy, Answer(b"", 503), answer(FOUR)) as provider, open_room() as room:
        await room.worker("writer", Neuron(source="openai", model="m", api_key=KEY, endpoint=provider.url))
        desk = await room.dendrite()
        refused = asyncio.Event()
        strategy = RetryStrategy(max_attempts=3, timeout_s=None, on_retry=lambda *_: refused.set())
        waiting = asyncio.ensure_future(
            desk.dispatch_and_wait(neuron="writer", input={"prompt": "2+2?"}, retry=strategy)
        )
        await refused.wait()
        assert len(provider.requests) == 1
        # As long as the provider asked for.
        await room.clock.advance(7)
        reply = await waiting
        assert reply.payload["output"] == {"response": "four", "meta": FOUR}
        errors = room.of(SignalType.ERROR)
        assert [error.payload["code"] for error in errors] == ["NEURON_HTTP_429", "NEURON_HTTP_503"]
        assert errors[0].meta == {"cosmo.retry_after_s": 7.0}
        assert all(error.payload["recoverable"] for error in errors)
        assert len(provider.requests) == 3


async def test_a_failure_for_good_is_not_retried():
    async with running_provider(answer({"error": "no such model"}, 404)) as provider, open_room() as room:
        await room.worker("writer", Neuron(source="ollama", model="m", endpoint=provider.url))
        desk = await room.dendrite()
        reply = await desk.dispatch_and_wait(
            neuron="writer", input={"prompt": "?"}, retry=RetryStrategy(max_attempts=3, timeout_s=None)
        )
        assert reply.payload["code"] == "NEURON_HTTP_404"
        assert len(provider.requests) == 1

"""What a task asks of a model, in all the forms a task may have."""

from __future__ import annotations

from typing import Any

import pytest

from cosmo_sdk import Dendrite, Neuron, Signal, SignalType
from cosmo_sdk.neurons._input import prompt_of
from tests.sdk.dendrite.room import open_room
from tests.servers.provider import Answer, Request, answer, running_provider


@pytest.mark.parametrize(
    ("input", "prompt"),
    [
        ({"content": "d", "query": "c", "text": "b", "prompt": "a"}, "a"),
        ({"content": "d", "query": "c", "text": "b", "prompt": ""}, "b"),
        ({"content": "d", "query": "c", "text": None}, "c"),
        ({"content": "d", "clarification": {"answer": "x"}}, "d"),
    ],
)
def test_the_first_text_that_is_there_is_the_prompt(input: dict[str, Any], prompt: str):
    assert prompt_of(input) == prompt


def test_an_answered_question_becomes_words():
    asked = {
        "question": "Which city?",
        "answer": {"city": "Köln"},
        "original_input": {"prompt": "Find me a hotel"},
        "budget": 80,
    }
    assert prompt_of({"clarification": asked}).splitlines() == [
        "You are working on this task: Find me a hotel",
        "While working on it you asked a question.",
        "Question: Which city?",
        'Answer: {"city": "Köln"}',
        'Besides: {"budget": 80}',
        "Carry on with the task, using this answer.",
    ]


def test_an_answer_alone_is_enough():
    assert "Answer: yes" in prompt_of({"clarification": {"answer": "yes"}})


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        (
            {"action": "delete", "granted": True, "reason": "it is old", "ttl_ms": 500},
            [
                "You are working on a task.",
                "While working on it you asked for permission.",
                "Action: delete",
                "Decision: granted",
                "Reason: it is old",
                "This holds for 500 ms.",
                "Do it, and carry on with the task.",
            ],
        ),
        (
            {"action": "delete", "granted": False, "ttl_ms": 500, "original_input": {"path": "/tmp"}},
            [
                'You are working on this task: {"path": "/tmp"}',
                "While working on it you asked for permission.",
                "Action: delete",
                "Decision: denied",
                "Do not do it. Carry on with the task in another way, or say why that is impossible.",
            ],
        ),
        ({"granted": "no"}, None),
    ],
)
def test_a_decision_becomes_words(decided: dict[str, Any], words: list[str] | None):
    said = prompt_of({"permission": decided}).splitlines()
    assert said == words if words else "Decision: denied" in said


async def test_a_model_that_asked_goes_on_with_the_answer():
    def reply(request: Request) -> Answer:
        text = "Which city?" if "Köln" not in request.body["inputs"] else "Hotel am Dom"
        return answer({"generated_text": text})

    async with running_provider(reply) as provider, open_room() as room:
        neuron = Neuron(source="hf", endpoint=provider.url)
        worker = await room.worker("guide", neuron)

        @worker.axons["guide"].detects_clarification
        def asks(result: dict[str, Any]) -> dict[str, Any] | None:
            return {"question": result["response"]} if result["response"].endswith("?") else None

        desk = await room.dendrite()
        question = await desk.dispatch_and_wait(
            neuron="guide", input={"prompt": "Find me a hotel"}, timeout_s=5
        )
        reply_to_it = await answered(desk, question)
        assert reply_to_it.payload["output"]["response"] == "Hotel am Dom"
        assert "Find me a hotel" in provider.requests[-1].body["inputs"]
        await neuron.aclose()


async def answered(desk: Dendrite, question: Signal) -> Signal:
    assert question.type is SignalType.CLARIFICATION
    pathway = await desk.observe_pathway(question.trace_id)
    await desk.respond_to_clarification(question, answer="Köln")
    return await pathway.wait_for(SignalType.AGENT_OUTPUT, 5)

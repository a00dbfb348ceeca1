"""What a TASK asks of a language model (PROTOCOL 7.2)."""

from __future__ import annotations

import json
from typing import Any

_PROMPT_KEYS = ("prompt", "text", "query", "content")
_TOLD_QUESTION = ("question", "answer", "original_input")
_TOLD_VERDICT = ("action", "granted", "reason", "ttl_ms", "original_input")


def messages_of(input: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The conversation in an input, or None.

    Raises:
        ValueError: `messages` is something else than a list of dicts.
    """
    messages = input.get("messages")
    if not messages:
        return None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise ValueError('input["messages"] is a list of dicts, such as {"role": "user", "content": "..."}')
    return messages


def prompt_of(input: dict[str, Any]) -> str:
    """The prompt in an input.

    Raises:
        ValueError: there is none.
    """
    for key in _PROMPT_KEYS:
        prompt = input.get(key)
        if prompt and not isinstance(prompt, str):
            raise ValueError(f"input[{key!r}] is a text, not a {type(prompt).__name__}")
        if prompt:
            return prompt
    continuation = _continuation(input)
    if continuation is None:
        raise ValueError(
            "a Neuron of this source expects messages, or prompt, text, query or content, in its input; "
            f"it has {', '.join(map(str, input)) or 'nothing'}"
        )
    return continuation


def conversation_of(input: dict[str, Any]) -> list[dict[str, Any]]:
    """The conversation in an input; a prompt is one message of the user.

    Raises:
        ValueError: there is neither.
    """
    return messages_of(input) or [{"role": "user", "content": prompt_of(input)}]


def tools_of(input: dict[str, Any]) -> list[Any] | None:
    """The tools offered to the model, in the provider's own form, or None."""
    tools = input.get("tools")
    return tools if isinstance(tools, list) and tools else None


def _continuation(input: dict[str, Any]) -> str | None:
    """What follows an answer to the model's own question, in words; None when the input is no such thing."""
    answered = input.get("clarification")
    if isinstance(answered, dict):
        return _after_question(answered)
    decided = input.get("permission")
    if isinstance(decided, dict):
        return _after_request(decided)
    return None


def _after_question(told: dict[str, Any]) -> str:
    lines = [*_original(told), "While working on it you asked a question."]
    if told.get("question") is not None:
        lines.append(f"Question: {told['question']}")
    if "answer" in told:
        lines.append(f"Answer: {_text(told['answer'])}")
    lines += _besides(told, _TOLD_QUESTION)
    lines.append("Carry on with the task, using this answer.")
    return "\n".join(lines)


def _after_request(told: dict[str, Any]) -> str:
    lines = [*_original(told), "While working on it you asked for permission."]
    if told.get("action") is not None:
        lines.append(f"Action: {told['action']}")
    granted = told.get("granted") is True
    lines.append(f"Decision: {'granted' if granted else 'denied'}")
    if told.get("reason") is not None:
        lines.append(f"Reason: {told['reason']}")
    if granted and told.get("ttl_ms") is not None:
        lines.append(f"This holds for {told['ttl_ms']} ms.")
    lines += _besides(told, _TOLD_VERDICT)
    lines.append(
        "Do it, and carry on with the task."
        if granted
        else "Do not do it. Carry on with the task in another way, or say why that is impossible."
    )
    return "\n".join(lines)


def _original(told: dict[str, Any]) -> list[str]:
    original = told.get("original_input")
    if not isinstance(original, dict) or not original:
        return ["You are working on a task."]
    prompt = next((original[key] for key in _PROMPT_KEYS if original.get(key)), original)
    return [f"You are working on this task: {_text(prompt)}"]


def _besides(told: dict[str, Any], known: tuple[str, ...]) -> list[str]:
    more = {key: value for key, value in told.items() if key not in known and value not in (None, {}, [])}
    return [f"Besides: {_text(more)}"] if more else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

"""What a scripted synapse answers: rules, each a pattern and what follows when a Signal fits it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cosmo_sdk.envelope import Signal
from cosmo_sdk.testing.builders import a_bid, a_final, an_error, an_output
from cosmo_sdk.testing.building import OUTPUT
from cosmo_sdk.testing.pattern import Pattern

Make = Callable[[Signal], Sequence[Signal]]
"""Makes the answers to a Signal, at the moment they go out."""


@dataclass(frozen=True)
class Answer:
    """One thing that happens when a rule fits."""

    make: Make
    after_s: Callable[[Signal], float]
    """Seconds from the Signal answered to this answer."""
    copies: int
    """How many times each Signal goes out, the same id every time."""


class Rule:
    """What happens when a Signal fits. Every method returns the rule, so that answers can be chained.

    All answers take `after_s`, seconds of the synapse's clock, and `copies`, for a bus that delivers twice.

    Args:
        pattern: which Signals it is for.
        times: how many of them it answers before the next rule gets its turn; None for all.
        stamp: gives an answer its id and time.

    Raises:
        ValueError: `times` is less than one.
    """

    def __init__(self, pattern: Pattern, times: int | None, stamp: Callable[[Signal], Signal]) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times={times}: a rule answers at least once")
        self.pattern = pattern
        self.used = 0
        """Signals it was applied to."""
        self._times = times
        self._stamp = stamp
        self._answers: list[Answer] = []
        self._reversed = False

    def __str__(self) -> str:
        return f"when {self.pattern}"

    def takes(self, signal: Signal) -> bool:
        """Whether it is this rule's turn to answer a Signal."""
        return (self._times is None or self.used < self._times) and self.pattern.matches(signal)

    def due(self, cause: Signal) -> list[tuple[float, Answer]]:
        """The answers to a Signal with the seconds after which each is due, in the order they go out."""
        answers = self._answers[::-1] if self._reversed else self._answers
        return sorted(((answer.after_s(cause), answer) for answer in answers), key=lambda due: due[0])

    # -- answers

    def bids(
        self,
        neuron: str,
        cost: float = 0.01,
        *,
        eta_ms: int | None = None,
        confidence: float | None = None,
        after_s: float = 0.0,
        late_s: float | None = None,
        copies: int = 1,
        meta: dict[str, Any] | None = None,
    ) -> Self:
        """Somebody bids on the offer.

        Args:
            neuron: who.
            cost: its price.
            eta_ms: the time it promises, milliseconds.
            confidence: how sure it is, 0 to 1.
            after_s: seconds from the offer to the bid.
            late_s: instead, seconds from the end of the offer's window to the bid.
            copies: how many times the bid goes out.
            meta: annotations.
        """

        def make(offer: Signal) -> Sequence[Signal]:
            bid = a_bid(offer, neuron=neuron, cost=cost, eta_ms=eta_ms, confidence=confidence, meta=meta)
            return [self._stamp(bid)]

        def too_late(offer: Signal) -> float:
            return float(offer.payload.get("deadline_ms") or 0) / 1000 + (late_s or 0.0)

        return self._add(make, after_s if late_s is None else too_late, copies)

    def outputs(
        self,
        output: Any = OUTPUT,
        *,
        neuron: str | None = None,
        after_s: float = 0.0,
        copies: int = 1,
    ) -> Self:
        """The work is done; a FINAL follows where the task asks for one, as a real worker's does.

        Args:
            output: the result, or a function that makes it of the task's `input`.
            neuron: who did it; whoever the task or award names when left out.
            after_s: seconds it takes.
            copies: how many times each Signal goes out.
        """

        def make(task: Signal) -> Sequence[Signal]:
            result = output(task.payload.get("input")) if callable(output) else output
            done = self._stamp(an_output(task, output=result, neuron=neuron))
            if task.payload.get("finalize") is not True:
                return [done]
            return [done, self._stamp(a_final(done, result=result, neuron=done.neuron))]

        return self._add(make, after_s, copies)

    def fails(
        self,
        code: str = "AGENT_ERROR",
        message: str = "it broke",
        *,
        recoverable: bool = False,
        neuron: str | None = None,
        after_s: float = 0.0,
        copies: int = 1,
    ) -> Self:
        """The work fails with an ERROR, which a caller may retry when it is `recoverable`.

        Args:
            code: for programs.
            message: for people.
            recoverable: whether another attempt may succeed.
            neuron: in whose name; who it was given to when left out.
            after_s: how much later, seconds of the clock.
            copies: how often the same Signal arrives.
        """
        fields = {"code": code, "message": message, "recoverable": recoverable, "neuron": neuron}
        return self.answers(an_error, after_s=after_s, copies=copies, **fields)

    def answers(
        self, builder: Callable[..., Signal], *, after_s: float = 0.0, copies: int = 1, **fields: Any
    ) -> Self:
        """Anything a builder makes, e.g. `answers(a_clarification, question="which one?")`.

        Args:
            builder: one of the builders of `cosmo_sdk.testing`.
            after_s: seconds until it goes out.
            copies: how many times it goes out.
            fields: arguments for the builder; its cause is the Signal answered.
        """
        return self._add(lambda cause: [self._stamp(builder(cause, **fields))], after_s, copies)

    def calls(
        self,
        fn: Callable[[Signal], Signal | Iterable[Signal] | None],
        *,
        after_s: float = 0.0,
        copies: int = 1,
    ) -> Self:
        """Whatever `fn(signal)` returns goes out as it is: one Signal, several, or None.

        Args:
            fn: is given what matched.
            after_s: how much later, seconds of the clock.
            copies: how often each arrives.
        """

        def make(cause: Signal) -> Sequence[Signal]:
            made = fn(cause)
            if made is None:
                return []
            return [made] if isinstance(made, Signal) else list(made)

        return self._add(make, after_s, copies)

    def stays_silent(self) -> Self:
        """Nobody answers, whatever later rules say."""
        self._answers.clear()
        return self

    def out_of_order(self) -> Self:
        """Answers due at the same time go out last first."""
        self._reversed = True
        return self

    def _add(self, make: Make, after_s: float | Callable[[Signal], float], copies: int) -> Self:
        if copies < 1:
            raise ValueError(f"copies={copies}: an answer goes out at least once")
        if callable(after_s):
            self._answers.append(Answer(make, after_s, copies))
        elif after_s < 0:
            raise ValueError(f"after_s={after_s}: an answer cannot come before its question")
        else:
            self._answers.append(Answer(make, lambda _: after_s, copies))
        return self

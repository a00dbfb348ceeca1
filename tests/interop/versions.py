"""What each released version can do, found in its package. The matrix runs what a version can, and nothing else.

|                                                 | 0.1.4   | 0.1.8   | 0.1.12 | 0.1.14 |
|-------------------------------------------------|---------|---------|--------|--------|
| envelope with `directed`, no top-level neuron   | yes     | yes     | yes    | yes    |
| work, auctions, questions, STOP, registry       | yes     | yes     | yes    | yes    |
| memories (RECALL, IMPRINT, rollback)            | yes     | yes     | yes    | yes    |
| `on_task_offer(capability=)` hears offers       | no      | yes     | yes    | yes    |
| an ERROR leaves writes to be undone             | no      | yes     | yes    | yes    |
| open calls (`Axon(catch_all=True)`)             | no      | no      | yes    | yes    |
| THOUGHT_DELTA                                   | yes     | yes     | yes    | no     |
| AUDIT                                           | no      | no      | no     | yes    |
| hosted tools (Effectors); not part of ours      | no      | no      | yes    | yes    |
| command that streams Signals                    | doppler | doppler | prism  | prism  |

What no released version can do, and ours does without it on their buses: frames above 64 KiB, answering DISCOVER for
a host of memories only, refusing work on a stopped trace, awarding again, naming the host in bids and acks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What differs from version to version."""

    observer: tuple[str, ...]
    """The command that streams every Signal."""
    offer_filter: bool = True
    """Whether `on_task_offer(capability=)` hears offers at all."""
    error_keeps_journal: bool = True
    """Whether what a failed trace wrote can still be undone."""
    open_calls: bool = True
    """Whether an Axon may take tasks that are for nobody in particular."""
    thoughts: bool = True
    """Whether it knows THOUGHT_DELTA."""
    audits: bool = False
    """Whether it knows AUDIT."""


ABILITIES = {
    "0.1.4": Abilities(
        observer=("doppler",), offer_filter=False, error_keeps_journal=False, open_calls=False
    ),
    "0.1.8": Abilities(observer=("doppler",), open_calls=False),
    "0.1.12": Abilities(observer=("prism", "--tail")),
    "0.1.14": Abilities(observer=("prism", "--tail"), thoughts=False, audits=True),
}
"""Every version the matrix covers, oldest first."""

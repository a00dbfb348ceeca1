"""Three parties agree on a day: each proposal goes round the table until both others accept it."""

from __future__ import annotations

from cosmo_sdk.coordination import NegotiationProtocol, NegotiationRules, NegotiationState

FREE = {
    "ann": ["monday", "thursday"],
    "bob": ["tuesday", "thursday"],
    "cat": ["friday", "tuesday", "thursday"],
}
"""Who can on which days, the dearest first."""


def main() -> None:
    table = NegotiationProtocol.with_rules(NegotiationRules(turns="alternating", max_rounds=6))
    everybody = list(FREE)
    offers = {name: iter(days) for name, days in FREE.items()}
    first = next(offers["ann"])
    print(f"ann proposes {first}")
    meeting = table.create_session("ann", everybody[1:], first)
    session = table.get_session(meeting)
    turn = 1
    while session.state in (NegotiationState.PROPOSED, NegotiationState.COUNTERED):
        name = everybody[turn % 3]
        turn += 1
        current = session.current_proposal
        if current.content in FREE[name]:
            # The id says which proposal was meant, whatever has come in between.
            table.accept(meeting, name, proposal_id=current.id)
            print(f"{name} accepts {current.content}")
        else:
            day = next(offers[name])
            table.propose(meeting, name, day)
            print(f"{name} cannot, and proposes {day}")
    print(
        f"{session.state.value}: {session.current_proposal.content}, after {len(session.history)} proposals"
    )


if __name__ == "__main__":
    main()

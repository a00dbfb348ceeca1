"""A vote with a quorum: six may vote, half of them must take part, and abstaining is taking part."""

from __future__ import annotations

from cosmo_sdk.coordination import PoolManager, VoteBook

CREW = ["ann", "bob", "cat", "dan", "eve", "flo"]


def ask(book: VoteBook, vote_id: str, votes: dict[str, str | None]) -> None:
    book.open_vote(vote_id, options=["sail", "stay"], pool_id="crew")
    for name, option in votes.items():
        book.cast(vote_id, name, option)
    result = book.close(vote_id)
    counts = ", ".join(f"{option} {count:g}" for option, count in result.counts)
    outcome = result.winner or result.status
    print(f"{vote_id}: {outcome} ({counts}; {result.present} of {result.quorum_needed} needed were there)")


def main() -> None:
    pools = PoolManager()
    pools.create_pool({"id": "crew", "governance": {"quorum": "1/2", "method": "majority"}})
    for name in CREW:
        pools.join_pool(name, "crew")
    book = VoteBook(pools.store).bind(pools=pools)
    ask(book, "at dawn", {"ann": "sail", "bob": "sail"})
    ask(book, "at noon", {"ann": "sail", "bob": "stay", "cat": None})
    ask(book, "at dusk", {"ann": "sail", "bob": "stay", "cat": None, "dan": "sail", "stranger": "stay"})


if __name__ == "__main__":
    main()

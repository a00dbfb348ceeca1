"""Every event of coordination in words: in a column as short as can be, and as a sentence.

Plain strings, bounded in length, not yet safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Callable

from cosmo_doppler.model.coordination.notice import SNAPSHOT, Notice, about_of, read_notice
from cosmo_doppler.model.coordination.reading import (
    is_cut,
    moment,
    name,
    names,
    one_of,
    option_of,
    short_name,
    table,
    told,
    whole,
)
from cosmo_doppler.model.coordination.terms import terms_of
from cosmo_doppler.model.coordination.votes import VOTE_RESULTS
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.wording import duration, finite, format_bytes, joined, say, shorten
from cosmo_sdk.header import Header

_GIST = 90

Sentence = Callable[[Notice], str]


def in_short(header: Header) -> str | None:
    """An event for a column: what happened, who did it, to which object. None for signals about something else."""
    about = about_of(header)
    if about is None:
        return None
    notice = _notice(header)
    who = f"  {shorten(notice.who, 40)}" if notice is not None and notice.who else ""
    what = about.event.replace("_", " ")
    gist = _gist(notice) if notice is not None else ""
    return f"{about.kind} {what}{who}{f'  {gist}' if gist else ''}  {shorten(short_name(about.subject), 40)}"


def sentence(header: Header) -> str | None:
    """What an event means, with a subject and a verb; None for signals about something else, and for those of an auction
    on the bus itself, which mean what they would in any other."""
    notice = _notice(header)
    if notice is None or notice.about.live:
        return None
    about = notice.about
    tell = _SENTENCES.get(f"{about.kind}.{about.event}")
    if about.event == SNAPSHOT:
        said = f"This is how {_it(notice)} stands, for whoever did not see how it came to that"
    elif tell is None:
        said = f"{_who(notice)}: {about.event.replace('_', ' ')} of {_it(notice)}"
    else:
        said = tell(notice)
    return f"{said} (mirrored)"


def _notice(header: Header) -> Notice | None:
    return read_notice(Observed(0, 0.0, "", header))


def _gist(notice: Notice) -> str:
    """The fact that matters most."""
    facts, about = notice.facts, notice.about
    if about.event == SNAPSHOT:
        return name(facts.get("state"))
    for key in ("result", "content", "option", "reason", "objective", "scope"):
        if facts.get(key) not in (None, ""):
            return told(facts[key], _GIST)
    if about.kind == "auction":
        return _amount(facts.get("cost")) or _lot(notice)
    if about.event == "closed":
        return one_of(table(facts.get("vote")).get("status"), VOTE_RESULTS).replace("_", " ")
    verdict = name(facts.get("verdict"))
    if verdict:
        return verdict
    attempt = whole(facts.get("attempt"))
    return f"attempt {attempt}" if attempt else ""


# -- parts of sentences


def _who(notice: Notice) -> str:
    return say(notice.who, 60) or "Somebody"


def _it(notice: Notice) -> str:
    return f"{notice.about.kind} {say(short_name(notice.about.subject), 60)}"


def _it_first(notice: Notice) -> str:
    it = _it(notice)
    return it[:1].upper() + it[1:]


def _quoted(notice: Notice, key: str) -> str:
    value = notice.facts.get(key)
    if value is None:
        return "nothing"
    if is_cut(value):
        size = whole(value.get("bytes"))
        return "something long" + (f" ({format_bytes(size)})" if size is not None and size >= 0 else "")
    return f"“{told(value, _GIST)}”"


def _because(notice: Notice) -> str:
    reason = told(notice.facts.get("reason"), _GIST).removeprefix("unsold:").replace("_", " ")
    return f": {reason}" if reason else ""


def _attempt(notice: Notice) -> str:
    number = whole(notice.facts.get("attempt"))
    return f" (attempt {number})" if number else ""


def _lease(notice: Notice) -> str:
    lease = moment(notice.facts.get("lease_ms"))
    if lease is None:
        return ", for as long as it takes"
    return f", for {joined(duration(lease / 1000 - notice.sent_at))}"


def _amount(value: object) -> str:
    number = finite(value)
    return "" if number is None else f"{number:g}"


def _lot(notice: Notice) -> str:
    asked = notice.facts.get("input")
    return told(asked if notice.about.live else table(asked).get("lot"), _GIST)


def _people(notice: Notice, key: str) -> str:
    who = names(notice.facts.get(key), 50)
    more = f" and {len(who) - 4} more" if len(who) > 4 else ""
    return say(", ".join(who[:4]) + more, 120) or "nobody"


# -- sentences


def _size(notice: Notice) -> str:
    size = whole(notice.facts.get("size"))
    return "" if size is None else f"; {size} {'is' if size == 1 else 'are'} in it now"


def _submitted(n: Notice) -> str:
    pool = say(n.facts.get("pool_id"), 60)
    return f"{_it_first(n)} waits to be claimed{f' by somebody in pool {pool}' if pool else ''}: {_quoted(n, 'objective')}"


def _vote_opened(n: Notice) -> str:
    eligible, options = n.facts.get("eligible"), n.facts.get("options")
    who = f"{len(eligible)} may vote" if isinstance(eligible, list) else "Anybody may vote"
    what = ", ".join(option_of(each) for each in options[:6]) if isinstance(options, list) else "anything"
    secret = ", and nobody is told how before it closes" if n.facts.get("secret") is True else ""
    return f"{who} in {_it(n)}, for {say(what, _GIST)}{secret}"


def _cast(n: Notice) -> str:
    if "option" not in n.facts:
        return f"{_who(n)} votes in {_it(n)}, secretly"
    if n.facts["option"] is None:
        return f"{_who(n)} abstains in {_it(n)}, which counts for the quorum and nothing else"
    return f"{_who(n)} votes for “{option_of(n.facts['option'])}” in {_it(n)}"


_OUTCOMES = {
    "tie": "is a tie, so it decides nothing",
    "no_majority": "has no majority, so it decides nothing",
    "no_quorum": "lacks its quorum, so it decides nothing",
    "empty": "had no votes",
}


def _counted(n: Notice) -> str:
    outcome = table(n.facts.get("vote"))
    status = one_of(outcome.get("status"), VOTE_RESULTS)
    if status == "decided":
        return f"{_it_first(n)} is decided: “{option_of(outcome.get('winner'))}”"
    present, needed = whole(outcome.get("present")), whole(outcome.get("quorum_needed"))
    there = f" ({present} there, {needed} needed)" if status == "no_quorum" and needed is not None else ""
    return f"{_it_first(n)} {_OUTCOMES.get(status, 'is counted')}{there}"


def _opened(n: Notice) -> str:
    terms, lot = terms_of(n.about, table(n.facts.get("input"))), _lot(n)
    best = "the lowest" if terms.reverse else "the highest"
    return f"{_it_first(n)} takes bids ({terms.called}, {best} wins){f': “{lot}”' if lot else ''}"


def _bid(n: Notice) -> str:
    if n.facts.get("sealed") is True:
        return f"{_who(n)} bids in {_it(n)}; how much is sealed until the award"
    return f"{_who(n)} bids {_amount(n.facts.get('cost')) or 'something'} in {_it(n)}, and leads"


def _sold(n: Notice) -> str:
    price = _amount(table(n.facts.get("auction")).get("price"))
    own = _amount(table(n.facts.get("winning_bid")).get("amount"))
    bid = f", having bid {own}" if own and own != price else ""
    return f"{_who(n)} wins {_it(n)}{f' at {price}' if price else ''}{bid}"


def _granted(n: Notice) -> str:
    parent = say(short_name(name(n.facts.get("parent"))), 60)
    scope = say(", ".join(names(n.facts.get("scope"), 8)), _GIST)
    origin = f", out of {parent}" if parent else ""
    return f"{_who(n)} lets {say(n.facts.get('delegatee'), 60) or 'somebody'} do {scope or 'nothing'}{origin}"


def _passed(n: Notice) -> str:
    return f"what {say(n.facts.get('delegator'), 60)} let {say(n.facts.get('delegatee'), 60)} do"


_SENTENCES: dict[str, Sentence] = {
    "pool.created": lambda n: f"{_it_first(n)} is there to be joined",
    "pool.joined": lambda n: f"{_who(n)} joins {_it(n)}{_size(n)}",
    "pool.left": lambda n: f"{_who(n)} leaves {_it(n)}{_size(n)}",
    "pool.refused": lambda n: f"{_who(n)} is not let into {_it(n)}{_because(n)}",
    "pool.expelled": lambda n: f"{_who(n)} is put out of {_it(n)}{_because(n)}",
    "pool.deleted": lambda n: f"{_it_first(n)} is no more",
    "task.submitted": _submitted,
    "task.claimed": lambda n: f"{_who(n)} has {_it(n)}{_lease(n)}{_attempt(n)}",
    "task.started": lambda n: f"{_who(n)} begins to work on {_it(n)}",
    "task.heartbeat": lambda n: (
        f"{_who(n)} still works on {_it(n)}, and has it{_lease(n).removeprefix(',')} more"
    ),
    "task.completed": lambda n: f"{_who(n)} finishes {_it(n)}: {_quoted(n, 'result')}",
    "task.failed": lambda n: f"{_it_first(n)} fails{_attempt(n)}: {_quoted(n, 'result')}",
    "task.cancelled": lambda n: f"{_it_first(n)} is cancelled: nobody needs it any more",
    "task.released": lambda n: (
        f"{_who(n)} has {_it(n)} no longer and did not finish it; somebody else may try"
    ),
    "negotiation.opened": lambda n: f"{_who(n)} proposes {_quoted(n, 'content')} to begin {_it(n)}",
    "negotiation.proposed": lambda n: f"{_who(n)} proposes {_quoted(n, 'content')} instead, in {_it(n)}",
    "negotiation.accepted_by": lambda n: f"{_who(n)} agrees to what is proposed in {_it(n)}",
    "negotiation.rejected": lambda n: f"{_who(n)} ends {_it(n)} without agreement{_because(n)}",
    "negotiation.closed": lambda n: f"{_it_first(n)} ends without agreement{_because(n)}",
    "negotiation.agreed": lambda n: f"{_people(n, 'members')} agree in {_it(n)}",
    "negotiation.ended": lambda n: f"{_people(n, 'members')} did not agree in {_it(n)}",
    "vote.opened": _vote_opened,
    "vote.cast": _cast,
    "vote.closed": _counted,
    "auction.opened": _opened,
    "auction.bid": _bid,
    "auction.bid_rejected": lambda n: f"The bid of {_who(n)} in {_it(n)} does not stand{_because(n)}",
    "auction.withdrawn": lambda n: f"{_who(n)} takes its bid in {_it(n)} back",
    "auction.extended": lambda n: f"{_it_first(n)} lasts longer, because a bid came close to its end",
    "auction.sold": _sold,
    "auction.lost": lambda n: f"{_who(n)} does not win {_it(n)}{_because(n)}",
    "auction.unsold": lambda n: f"{_it_first(n)} is sold to nobody{_because(n)}",
    "auction.cancelled": lambda n: f"{_it_first(n)} is called off",
    "delegation.granted": _granted,
    "delegation.revoked": lambda n: f"{_who(n)} takes back {_passed(n)}, and all that came from it",
    "delegation.expired": lambda n: f"The time of {_passed(n)} is up",
    "delegation.denied": lambda n: f"{_who(n)} may not take back {_passed(n)}",
}

"""`cosmo auctions`: why winners won, and who else might have, over whole recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cosmo_doppler.cli.auction_reading import Reading
from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import Checked, examples, json_option, redact_option, redaction_of
from cosmo_doppler.cli.output import say

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.model.market.score import Score
    from cosmo_doppler.model.market.what_if import Ghost, Outcome

RULES = ("first_bid", "lowest_cost", "highest_confidence", "second_price")
"""What `--select` takes."""


def read_ghost(text: str) -> Ghost:
    """A bid that never was."""
    from cosmo_doppler.model.market import suppose

    return suppose.read_ghost(text)


def read_score(text: str) -> Score:
    """An expression over the terms of a bid."""
    from cosmo_doppler.model.market.score import Score

    return Score(text)


class Questions(NamedTuple):
    """What is asked of every auction."""

    rules: tuple[str, ...]
    """The rules to show."""
    window_ms: float | None
    score: Score | None
    ghosts: tuple[Ghost, ...]

    def outcomes(self, auction: Auction, reading: Reading) -> list[Outcome]:
        """Who would have won, under the rules asked for."""
        from cosmo_doppler.model.market.what_if import what_if

        found = what_if(
            auction,
            window_ms=self.window_ms,
            score=self.score,
            ghosts=self.ghosts,
            honesty=reading.market.honesty.of,
        )
        return [outcome for outcome in found if outcome.rule in self.rules]


@click.command(
    epilog=examples(
        "cosmo auctions session.ndjson",
        "cosmo auctions session.ndjson --offer 07A2BC91",
        'cosmo auctions session.ndjson --score "conf / (cost + 0.001) if eta < 500 else 0"',
        "cosmo auctions monday.ndjson tuesday.ndjson --window 100 --ghost cost=0.002,conf=0.9",
        "cosmo auctions session.ndjson --diff 07A2BC91 0691F3D0",
        "cosmo auctions session.ndjson --offer 07A2BC91 --pytest test_award.py",
    )
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--select",
    multiple=True,
    type=click.Choice(RULES),
    help="Show who wins under this rule only; may be repeated.  [default: all of them]",
)
@click.option(
    "--score",
    type=Checked("expression", read_score),
    metavar="EXPR",
    help="Who wins by a score: arithmetic over cost, eta (ms), conf, age (ms after the offer) and honesty "
    "(0 to 1). The highest wins.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MS",
    help="Who wins when bids come for this long, also those that were too late.",
)
@click.option(
    "--ghost",
    "ghosts",
    multiple=True,
    type=Checked("bid", read_ghost),
    metavar="TERMS",
    help="A bid that never was, in every auction: cost=0.001,eta=300,conf=0.9,after=20; what is left out it does "
    "not say, and without `after` it comes last.",
)
@click.option(
    "--offer", default="", metavar="ID", help="Only the auction whose offer's id ends so, with all its bids."
)
@click.option(
    "--diff", nargs=2, metavar="A B", help="Hold two auctions against each other, by the ends of their ids."
)
@click.option(
    "--pytest",
    "test_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the auction of --offer as a pytest file that reproduces it.",
)
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@redact_option
@json_option("Print everything as one JSON object.")
def command(
    files: tuple[Path, ...],
    select: tuple[str, ...],
    score: Score | None,
    window: float | None,
    ghosts: tuple[Ghost, ...],
    offer: str,
    diff: tuple[str, str] | None,
    test_file: Path | None,
    force: bool,
    redact: tuple[str, ...],
    as_json: bool,
) -> None:
    """Explain the auctions of recordings: who won, under which strategy, and who would have won otherwise.

    Each auction is one line: the winner, the strategies that may have chosen it, and who wins under each rule; a rule's
    winner that is not the real one is marked with *. Then come the verdict on every producer, what the rules come to
    over all auctions, and who kept its promises. Several files are merged by time.
    """
    from cosmo_doppler.cli import auction_page, auction_tables

    if diff and (offer or test_file):
        raise click.UsageError("--diff compares two auctions: leave out --offer and --pytest")
    if test_file is not None and not offer:
        raise click.UsageError("a test is about one auction: add --offer ID")
    rules = (select or RULES) + (("score",) if score is not None else ())
    questions = Questions(rules, window, score, ghosts)
    reading = Reading(files, redaction_of(redact), wanted=diff or ((offer,) if offer else ()))
    if diff:
        before, after = reading.find()
        auction_page.show_comparison(before, after, as_json)
    elif test_file is not None:
        _write_test(reading, test_file, force)
    elif offer:
        show_one = auction_tables.show_auction_json if as_json else auction_page.show_one_auction
        show_one(reading.find()[0], reading, questions)
    else:
        show_all = auction_tables.show_all_json if as_json else auction_tables.show_all_auctions
        show_all(reading, questions)
    reading.tell()


def _write_test(reading: Reading, out: Path, force: bool) -> None:
    from cosmo_doppler.cli.files import refuse_existing
    from cosmo_doppler.export.pytest_file import export_pytest

    refuse_existing(out, force=force)
    [auction] = reading.find()
    text = export_pytest(auction, reading.frames.__getitem__)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror}", "name another place") from None
    say(f"wrote {out}")

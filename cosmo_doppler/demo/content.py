"""What the agents of the demo talk about: a small office that translates, summarises, researches and keeps books."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """A text somebody wants in English."""

    text: str
    english: str


@dataclass(frozen=True)
class Article:
    """A text somebody wants shorter."""

    title: str
    text: str
    summary: str


@dataclass(frozen=True)
class Invoice:
    """Money somebody owes."""

    number: str
    customer: str
    amount: float
    due: str


LETTERS = (
    Letter(
        "Die Lieferung kommt am Dienstag gegen neun Uhr.",
        "The delivery arrives on Tuesday around nine o'clock.",
    ),
    Letter("Bitte schicken Sie uns das Angebot noch einmal.", "Please send us the quotation once more."),
    Letter("Der Vertrag verlängert sich um ein Jahr.", "The contract is extended by one year."),
    Letter("La machine numéro trois est de nouveau en marche.", "Machine number three is running again."),
    Letter("Nous avons bien reçu votre commande.", "We have received your order."),
    Letter("La reunión se aplaza hasta el jueves.", "The meeting is postponed until Thursday."),
)

ARTICLES = (
    Article(
        "Night trains",
        "After ten years without sleepers the line opens again in spring, with two trains a week at first.",
        "Night trains return in spring, twice a week.",
    ),
    Article(
        "Harbour survey",
        "Divers found the north wall sound; the south wall needs new stones before the winter storms.",
        "North wall sound, south wall needs repair before winter.",
    ),
    Article(
        "Library hours",
        "From June the library stays open until ten in the evening, because students asked for it.",
        "The library opens until ten from June.",
    ),
    Article(
        "Solar roofs",
        "The school roofs now make more power than the schools use from March to October.",
        "School roofs cover their own use for eight months.",
    ),
)

INVOICES = (
    Invoice("2041", "Hartmann Bakery", 1840.00, "3 May"),
    Invoice("2042", "Lindgren Optics", 412.50, "9 May"),
    Invoice("2047", "Okafor & Sons", 2290.00, "28 April"),
    Invoice("2053", "Blue Door Books", 96.20, "15 May"),
)

PAGES = ("exchange-rates", "freight-prices", "weather-north-sea", "customs-tariff")
"""What the fetcher is sent for."""

RESEARCH = (
    ("Should we ship by night train?", ("Night trains", "Harbour survey")),
    ("What did the town build this year?", ("Solar roofs", "Library hours")),
    ("What must be repaired before winter?", ("Harbour survey", "Solar roofs")),
)
"""A question and the titles of the articles that answer it."""

YEARS = ("2024", "2025")
"""The years a report exists for; a request that names none has to be clarified."""


def translation_of(text: str) -> str:
    """The English of a letter; of any other text, the text."""
    return next((letter.english for letter in LETTERS if letter.text == text), f"(in English) {text[:120]}")


def summary_of(text: str) -> str:
    """The summary of an article; of any other text, its first words."""
    known = next((article.summary for article in ARTICLES if article.text == text), None)
    words = text.split()
    return known or " ".join(words[:8]) + ("…" if len(words) > 8 else "")


def article(title: str) -> Article:
    """The article of that title."""
    return next(article for article in ARTICLES if article.title == title)

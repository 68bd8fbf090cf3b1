"""The data of languages: names of months, days and numbers, each with one meaning."""

from __future__ import annotations

from datetime import date

import pytest

from thresher.service.formats.cjk_numbers import cjk_number
from thresher.service.formats.displayed_values import parse_date
from thresher.service.formats.foreign_number_words import folded_by_character, foreign_numbers
from thresher.service.formats.languages import DAY_WORDS, LANGUAGES, MONTHS, SHORT_MONTHS, month_of, number_words
from thresher.service.grounding.text_index import TextIndex
from thresher.service.rules.spans.printed_dates import month_number, parse_dates

EVERY = [(language, n) for language in LANGUAGES for n in range(1, 13)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_twelve_months_and_each_name_means_one(language: str) -> None:
    """No name of a month in one language is another month's in a second one."""
    for names in (MONTHS[language], SHORT_MONTHS[language]):
        assert [month_of(name) for name in names] == list(range(1, 13))


@pytest.mark.parametrize(("language", "number"), EVERY)
def test_rules_coercion_and_grounding_know_the_same_months(language: str, number: int) -> None:
    """A date in words is read by rules, by coercion and by grounding alike."""
    name, day = MONTHS[language][number - 1], date(2021, number, 14)
    assert month_number(name) == number
    assert parse_date(f"14 {name} 2021") == day
    assert [found for _, _, found in parse_dates(f"x 14 {name} 2021", first=True)] == [day]
    assert TextIndex(f"x 14 {name} 2021 y").find(day.isoformat())


def test_days_in_words_are_all_there() -> None:
    """The days of the longest month are words of English."""
    assert set(range(1, 32)) <= set(DAY_WORDS.values())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("zweitausend", 2000),
        ("dreihundertfünfundzwanzig", 325),
        ("deux mille", 2000),
        ("quatre-vingt-dix-sept", 97),
        ("soixante-quinze", 75),
        ("mil doscientos veinte", 1220),
        ("millequattrocento", 1400),
        ("tweeëntwintig", 22),
        ("duizend tweehonderd", 1200),
        ("dois mil e quinhentos", 2500),
        ("zwei drei", None),
        ("six", None),
        ("cents", None),
    ],
)
def test_numbers_in_words_of_other_languages(text: str, number: int | None) -> None:
    """Words add up to one number, or to none: two numbers side by side and lone short words are left."""
    found = [n for start, end, n in foreign_numbers(folded_by_character(text)) if (start, end) == (0, len(text))]
    assert found == ([] if number is None else [number])


@pytest.mark.parametrize(
    ("text", "number"), [("二千二十四", 2024), ("百", 100), ("1億2000万", 120000000), ("萬", 10000)]
)
def test_numbers_in_characters(text: str, number: int) -> None:
    """Characters of Chinese and Japanese write numbers, alone or behind figures."""
    assert cjk_number(text) == number


def test_words_of_numbers_have_values() -> None:
    """Every language that has words of numbers has ones, tens and scales."""
    for values, _ in number_words().values():
        assert {2, 10, 20, 100, 1000} <= set(values.values())

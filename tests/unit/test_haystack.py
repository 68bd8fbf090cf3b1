"""Where a value stands in a text, in any script, across whatever interrupts it, and where it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.grounding.normalised_text import Letters, letters_of
from thresher.service.grounding.text_index import TextIndex


def quotes(text: str, value: Any, **options: Any) -> list[str]:
    """What a text has for a value, as it is written there."""
    return [text[p.start : p.end] for p in TextIndex(text, **options).find(value)]


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("合計 ￥１２，３４５ です", 12345, "１２，３４５"),
        ("金額1204円", 1204, "1204"),
        ("日付：２０２４年３月５日", "2024-03-05", "２０２４年３月５日"),
        ("二〇二四年十二月二十五日に締結", "2024-12-25", "二〇二四年十二月二十五日"),
        ("甲は株式会社山田商事とし、乙は", "株式会社山田商事", "株式会社山田商事"),
        ("المبلغ ١٬٢٣٤٫٥٠ ريال", 1234.5, "١٬٢٣٤٫٥٠"),
        ("بتاريخ ٥ مارس ٢٠٢٤ تم", "2024-03-05", "٥ مارس ٢٠٢٤"),
        ("شركة النُّور للتجارة", "شركة النور للتجارة", "شركة النُّور للتجارة"),
        ("Договор от 5 марта 2024 г. с ООО «Ромашка»", "2024-03-05", "5 марта 2024"),
        ("с ООО «Ромашка» и", 'ООО "РОМАШКА"', "ООО «Ромашка»"),
        ("Αθήνα, 5 Μαρτίου 2024, ΑΦΟΙ ΠΑΠΠΑ Ο.Ε.", "2024-03-05", "5 Μαρτίου 2024"),
        ("ΑΦΟΙ ΠΑΠΠΑ Ο.Ε.", "Αφοί Παππά Ο.Ε.", "ΑΦΟΙ ΠΑΠΠΑ Ο.Ε."),
        ("सम्पर्क: राम कुमार, दिल्ली", "राम कुमार", "राम कुमार"),
        ("Dnia 5 marca 2024 r.", "2024-03-05", "5 marca 2024"),
    ],
)
def test_every_script_is_read_and_offsets_are_code_points(text: str, value: object, quote: str) -> None:
    """Figures, dates and names of other scripts stand where they stand, also behind characters outside the BMP."""
    assert quotes(text, value) == [quote]
    assert quotes("😀𝒳 " + text, value) == [quote]


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("the ﬁnal oﬃce copy", "final office", "ﬁnal oﬃce"),
        ("by Mu\u0308ller GmbH", "Müller GmbH", "Mu\u0308ller GmbH"),
        ("Acme Widgets ........ 12.50", "Acme Widgets 12.50", "Acme Widgets ........ 12.50"),
        ("Ship to\tAcme\tBoston", "Acme Boston", "Acme\tBoston"),
        ("world-\nwide licence", "worldwide licence", "world-\nwide licence"),
        ("ACME HOLDINGS, INC. hereby", "Acme Holdings Inc.", "ACME HOLDINGS, INC."),
        ("II-VI Incorporated shall", "II-VI Inc.", "II-VI Incorporated"),
        ("Smith & Sons Ltd. of Leeds", "Smith and Sons Limited", "Smith & Sons Ltd"),
        ("within thirty days", 30, "thirty"),
        ("a fee of $2.5 million, paid", 2500000, "2.5 million"),
        ("VAT at 19 % applies", 0.19, "19 %"),
        ("three (3) months", 3, "(3)"),
        ("loss of (1,204.50)", -1204.5, "(1,204.50)"),
        ("USD1,204.50 net", 1204.5, "1,204.50"),
        ("A-1 and Prime-1, item 1", 1, "1"),
        ("due 05/12/20", "5/12/20", "05/12/20"),
        ("AGREEMENT, dated as of May 1", "STRATEGIC", None),
        (
            "a STRATEGIC ALLIANCE AGREEMENT, dated",
            "STRATEGIC ALLIANCE AGREEMENT, d",
            "STRATEGIC ALLIANCE AGREEMENT, dated",
        ),
    ],
)
def test_a_value_is_found_as_it_is_printed(text: str, value: object, quote: str | None) -> None:
    """Ligatures, accents, leaders, cells, hyphens, small capitals, legal forms, words, scales and shares."""
    found = quotes(text, value)
    assert found[-1:] == ([quote] if quote else [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Anixa Biosciences, Inc.", "Anika Biosciences, Inc."),
        ("John Smith", "Jon Smith"),
        ("café society", "caf"),
        ("Müllerstraße", "Müller"),
        ("Invoice 00712", "712"),
        ("seat 7", "007"),
        ("page 7", "7%"),
        (
            "It shall not be terminated by either party before the end of the initial term of it",
            "It shall be terminated by either party before the end of the initial term of it",
        ),
        (
            "in the amount of 1,204.50 for services that were rendered to the customer in March",
            "in the amount of 1,294.50 for services that were rendered to the customer in March",
        ),
        ("John\tDoe\nSmith\tJane", "John Smith"),
        ("one of them", 1),
        ("Ref 12.03.2024", 12.03),
    ],
)
def test_what_only_looks_like_it_is_no_evidence(text: str, value: object) -> None:
    """Another letter, another figure, part of a word or of a number, a negation left out: nothing is found."""
    assert quotes(text, value) == []


def test_a_letter_may_differ_where_ocr_read_it() -> None:
    """OCR's guess is compared loosely, a printed name is not; figures never are."""
    assert quotes("Oglethorge Power Corporation", "Oglethorpe Power Corporation") == []
    assert quotes("Oglethorge Power Corporation", "Oglethorpe Power Corporation", guessed=True) != []
    assert quotes("Oglethorge Power 17 Corporation", "Oglethorpe Power 11 Corporation", guessed=True) == []


def test_a_passage_runs_across_a_page_break() -> None:
    """Header and footer between its halves belong neither to the value nor to its pieces."""
    text = "The Supplier shall deliver the\nPage 3 of 9\nAcme Master Agreement\ngoods within ten days."
    breaks = [(31, 42), (43, 64)]
    (place,) = TextIndex(text, without=breaks).find("the Supplier shall deliver the goods within ten days.")
    assert (place.start, place.end, place.match) == (0, len(text), "normalised")
    assert [text[a:b].strip() for a, b in place.pieces] == ["The Supplier shall deliver the", "goods within ten days."]


def test_a_value_over_two_lines_of_a_column() -> None:
    """The rest of a name stands in the cell below, with other cells in between."""
    text = "Mike Bloomberg 2020,\tHarrisburg\t12,680.00\nInc\t\t"
    (place,) = TextIndex(text).find("Mike Bloomberg 2020, Inc")
    assert [text[a:b] for a, b in place.pieces] == ["Mike Bloomberg 2020,"[:-1], "Inc"]
    assert TextIndex(text.replace("\nInc", "\n\tInc")).find("Mike Bloomberg 2020, Inc") == []


@given(st.text(max_size=60))
def test_letters_know_where_they_come_from(text: str) -> None:
    """Each letter folds out of the very character that it is said to come from."""
    letters = Letters.of(text)
    assert letters.text == letters_of(text)
    assert all(letter in letters_of(text[start]) for letter, start in zip(letters.text, letters.starts, strict=True))


@given(
    st.lists(st.sampled_from(["Acme", "Über", "株式", "٣", "12.5", "ﬁn", "\t", "\n", "(a)"]), min_size=1, max_size=12),
    st.data(),
)
def test_whatever_stands_there_is_found_there(words: list[str], data: st.DataObject) -> None:
    """A run of words of a text is found, and one of its places holds its letters."""
    text = " ".join(words)
    start = data.draw(st.integers(0, len(words) - 1))
    value = " ".join(words[start : data.draw(st.integers(start + 1, len(words)))])
    if value.strip() and letters_of(value):
        found = quotes(text, value)
        assert any(letters_of(q) == letters_of(value) for q in found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("On 2022-11-01 129.09+ was booked", 129.09),
        ("01/11/22 129.09 booked", 129.09),
        ("balance\n293,39 DR", -293.39),
        ("at 12:30 129.09 was booked", 129.09),
    ],
)
def test_what_stands_before_a_number_is_no_part_of_it(text: str, value: float) -> None:
    """Neither the day of a date nor a word on the line above changes the number."""
    (place,) = TextIndex(text).find(value)
    assert text[place.start : place.end].strip("+") in {"129.09", "293,39"}


def test_a_date_over_a_page_edge_is_found() -> None:
    """The page's footer and header lie between the month and the year."""
    text = "entered on 09 Feb\n264777 Balance carried forward\n\nPage 1 of 12\n2011 with 29246 shares"
    (place,) = TextIndex(text, without=[(18, 48), (50, 62)]).find("2011-02-09")
    assert [text[a:b].strip() for a, b in place.pieces] == ["09 Feb", "2011"]


def test_a_value_is_found_wherever_it_is_wrapped() -> None:
    """The same words stand once on one line and twice over two; columns are told by bars."""
    row = "| 1.00 | Hail damage to the parked | Open |\n|  | vehicle |  |\n"
    text = f"{row}| 2.00 | Hail damage to the parked vehicle | Open |\n{row}"
    found = TextIndex(text).find("Hail damage to the parked vehicle")
    assert [len(p.pieces) for p in found] == [2, 0, 2]


def test_a_value_wrapped_within_the_header_of_every_page_is_found() -> None:
    """Lines of page furniture lie between the pieces of other values, but are searched for a value that begins in one."""
    text = "Advertiser: Harbour Ferries 2020,\tMarket: Leeds\nInc\tOffice: York\n1 spot\t2.00\n"
    header = [(0, 47), (48, 64)]
    (place,) = TextIndex(text, without=header).find("Harbour Ferries 2020 Inc")
    assert [text[a:b] for a, b in place.pieces] == ["Harbour Ferries 2020", "Inc"]


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("for a term of two years from", "2 years", "two years"),
        ("for a term of 2 years from", "two years", "2 years"),
        ("for one year from", "1 year", "one year"),
        ("within ten business days of", "10 business days", "ten business days"),
        ("für zwei Jahre ab", "2 Jahre", "zwei Jahre"),
        ("pendant 3 ans", "trois ans", "3 ans"),
        ("for twenty-four (24) months", "twenty-four months", "(24) months"),
        ("Signed by KEANE ADA MARY, clerk", "Ada Mary Keane", "KEANE ADA MARY"),
        ("signed this 3rd day of\nMarch 2024", "2024-03-03", "3rd day of\nMarch 2024"),
    ],
)
def test_the_same_in_words_and_figures_and_in_another_order(text: str, value: str, quote: str) -> None:
    """A number of something counts in words as in figures; a name may begin with the family name; a date may wrap."""
    assert [text[p.start : p.end] for p in TextIndex(text).find(value)] == [quote]


@pytest.mark.parametrize(
    ("text", "value"), [("two weeks", "2 years"), ("ten days", "2 days"), ("net price", "price net")]
)
def test_other_numbers_units_and_plain_words_are_not_the_same(text: str, value: str) -> None:
    """Number and unit must both be the value's; words that are no names keep their order."""
    assert TextIndex(text).find(value) == []


MAIL = "Date: Wed, 30 Jan 2002 06:41:15 -0800 (PST)\nDoc\tDate: 11/05/2018\nCashier\tTime: 16:52:00\n22/01/2017 09:09 PM\n1 Feb 2020\n"


@pytest.mark.parametrize(
    ("value", "quote"),
    [
        ("2002-01-30T06:41:15-08:00", "30 Jan 2002 06:41:15 -0800"),
        ("2002-01-30T14:41:15Z", "30 Jan 2002 06:41:15 -0800"),
        ("2002-01-30T06:41:15", "30 Jan 2002 06:41:15 -0800"),
        ("2002-01-30T06:41", "30 Jan 2002 06:41:15 -0800"),
        ("2018-05-11T16:52:00", "11/05/2018\nCashier\tTime: 16:52:00"),
        ("2017-01-22T21:09:00", "22/01/2017 09:09 PM"),
        ("2020-02-01T00:00:00", "1 Feb 2020"),
        ("2002-01-30T07:41:15-08:00", ""),
        ("2002-01-30T06:41:15Z", ""),
        ("2002-01-30T06:41:16", ""),
        ("2017-01-22T21:09:30", ""),
        ("2020-02-01T12:00:00", ""),
    ],
)
def test_a_time_of_day_is_searched_with_its_day(value: str, quote: str) -> None:
    """A moment stands where day and time do, in the printed zone; a day alone proves no time but midnight."""
    assert quotes(MAIL, value) == ([quote] if quote else [])

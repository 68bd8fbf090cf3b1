"""Dates and amounts as documents spell them: the right value is found, a like one is not."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.service.grounding.text_index import TextIndex
from thresher.service.grounding.typed_spans import Habits

DATES = [
    ("4. Jänner 2012", "2012-01-04"),
    ("5.III.2024", "2024-03-05"),
    ("05 มีนาคม 2567", "2024-03-05"),
    ("令和6年3月5日", "2024-03-05"),
    ("令和元年5月1日", "2019-05-01"),
    ("平成31年4月30日", "2019-04-30"),
    ("民國113年3月5日", "2024-03-05"),
    ("2024년 3월 5일", "2024-03-05"),
    ("Mar-05-2024", "2024-03-05"),
    ("2024-Mar-05", "2024-03-05"),
    ("2024. 3. 5.", "2024-03-05"),
    ("5 marca 2024 r.", "2024-03-05"),
    ("5 березня 2024", "2024-03-05"),
    ("5 ogos 2024", "2024-08-05"),
    ("05/Mar/2024", "2024-03-05"),
    ("first of March 2024", "2024-03-01"),
    ("twenty-second day of April, 2024", "2024-04-22"),
    ("1er mars 2024", "2024-03-01"),
    ("March 5th, ’24", "2024-03-05"),
    ("Q1 2024 (31.03.)", "2024-03-31"),
    ("Amendment No. 6 this 23rd day of June, 2017", "2017-06-23"),
    ("١٥/٠٣/٢٠٢٤", "2024-03-15"),
    ("5-3-'24", "2024-03-05"),
    ("5:e mars 2024", "2024-03-05"),
    ("2024 m. kovo 5 d.", "2024-03-05"),
    ("5. marca 2024", "2024-03-05"),
    ("2024. gada 5. jūnijs", "2024-06-05"),
    ("5. juuni 2024", "2024-06-05"),
    ("５．３．２０２４", "2024-03-05"),
    ("5 במרץ 2024", "2024-03-05"),
    ("5 मार्च 2024", "2024-03-05"),
    ("el cinco de marzo de 2024", "2024-03-05"),
    ("le cinq mars 2024", "2024-03-05"),
    ("R6.3.5", "2024-03-05"),
    ("令和六年三月五日", "2024-03-05"),
    ("5th day of March in the year 2024", "2024-03-05"),
    ("March the 5th, 2024", "2024-03-05"),
    ("March 5,2024", "2024-03-05"),
    ("5 มี.ค. 2567", "2024-03-05"),
    ("5 Μαρ 2024", "2024-03-05"),
    ("05MAR24", "2024-03-05"),
    ("2025 statement, 03 Jan", "2025-01-03"),
    ("September 2010", "2010-09"),
    ("Sept. 2010", "2010-09"),
    ("09/2010", "2010-09"),
    ("12 September 2010", "2010-09"),
    ("2010年9月", "2010-09"),
    ("septembre 2010", "2010-09"),
    ("Sep 2010", "September 2010"),
]
AMOUNTS = [
    ("$1.5M", "1500000"),
    ("EUR 1.2m", "1200000"),
    ("€5k", "5000"),
    ("$2.5bn", "2500000000"),
    ("3만원", "30000"),
    ("30억원", "3000000000"),
    ("两千元", "2000"),
    ("CHF 1'250.–", "1250"),
    ("拾万円", "100000"),
    ("mille deux cent cinquante euros", "1250"),
    ("1,5 млн руб.", "1500000"),
    ("Rs 2,50,000/-", "250000"),
    ("3½", "3.5"),
    ("1 1/2", "1.5"),
    ("Rs. 2.5 lakh", "250000"),
    ("₹3 crore", "30000000"),
    ("1.234.567,-", "1234567"),
    ("1,250.00 CR", "1250.00"),
    ("1,250.00 DR", "-1250.00"),
    ("12 500,-", "12500"),
    ("EUR 1.2 Mio.", "1200000"),
    ("T€ 450", "450000"),
    ("TEUR 450", "450000"),
    ("(EUR 000) 1,250", "1250000"),
    ("in thousands: 1,204", "1204000"),
    ("Angaben in Tausend: 1.204", "1204000"),
    ("450 TEUR", "450000"),
    ("3万5千円", "35000"),
    ("壹仟贰佰叁拾肆元", "1234"),
    ("quinientos euros", "500"),
    ("壱百弐拾万円", "1200000"),
    ("120万円", "1200000"),
    ("1.2億円", "120000000"),
    ("1,250 thousand", "1250000"),
    ("zweitausend Euro", "2000"),
    ("deux mille euros", "2000"),
    ("20 pens (@5.79)", "5.79"),
    ("(@ £5.79 each)", "5.79"),
    ("1,250¹", "1250"),
    ("10⁶", "1000000"),
    ("1.2 × 10⁶", "1200000"),
    ("~~990.00~~", "990.00"),
    ("5 275.60  1378.00", "275.60"),
    ("5 275.60  1378.00", "5"),
    ("9.30-", "-9.30"),
    ("(1,234)", "-1234"),
]


@pytest.mark.parametrize(("printed", "value"), [*DATES, *AMOUNTS])
def test_a_spelling_is_found(printed: str, value: str) -> None:
    """Whatever way a document spells a date or an amount, its value is found, as a number and as a text."""
    text = f"It is {printed} as agreed."
    assert TextIndex(text).find(value)
    if (printed, value) in AMOUNTS:
        assert TextIndex(text).find(float(value))


@pytest.mark.parametrize(("printed", "value"), DATES)
def test_another_day_is_not_found(printed: str, value: str) -> None:
    """A date that differs by a day, a month alone by a month, does not stand there."""
    other = {"2010-09": "2010-10", "September 2010": "October 2010"}.get(value, value[:-2] + "17")
    assert not TextIndex(f"It is {printed} as agreed.").find(other)


@pytest.mark.parametrize(("printed", "value"), AMOUNTS)
def test_another_amount_is_not_found(printed: str, value: str) -> None:
    """Seven times the amount and eleven does not stand there."""
    assert not TextIndex(f"It is {printed} as agreed.").find(float(value) * 7 + 11)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a total of 1,250¹", 12501),
        ("a total of 1,250¹", "12501"),
        ("a total of 1,250¹", "1,2501"),
        ("in 2025, cost 3.01 each", "2025-01-03"),
        ("page 12/20", "2010-12"),
        ("a share of 5 m each", 5.5),
        ("$ 12.00 or CAD 15.00", "USD"),
        ("$ 12.00", "AUD"),
        ("Smith and Sons, Jones Brothers", "Smith Brothers, Jones and Sons"),
        ("Frame number WBK 447 120 93", "WBK 447 126 93"),
        ("BBO ribs", "BBQ"),
        ("A-l0l", "A-101"),
    ],
)
def test_what_only_looks_alike_is_not_found(text: str, value: Any) -> None:
    """Notes are no figures, other currencies no proof, and digital text is not misread."""
    assert not TextIndex(text).find(value)
    assert not TextIndex(text).beside(value)


def test_few_figures_are_scaled_only_beside_their_record() -> None:
    """Two figures are too few to be read in the scale of a head; the record on their line is the second sign."""
    assert not TextIndex("in thousands: 12").find(12000)
    assert [p.start for p in TextIndex("in thousands: 12").beside(12000)] == [14]


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00\nBIC", "DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
        ("USt-IdNr. DE 123 456 789", "DE123456789", "DE 123 456 789"),
        ("Tel. 0221 / 47 11-0", "0221/4711-0", "0221 / 47 11-0"),
        ("IBAN DE89 3704 0044 0532 0130 00", "DE89370400440532", None),  # groups are left out
        ("Part 4471  2209 3310", "447122093310", None),  # two columns
        ("lot 447122\n093310 of it", "447122093310", None),  # two lines
        ("2 cups\n¾ cup sugar", 0.75, "¾"),
    ],
)
def test_codes_are_printed_in_groups(text: str, value: Any, quote: str | None) -> None:
    """Groups with one blank between, on one line and all of them, are the code."""
    assert [text[p.start : p.end] for p in TextIndex(text).find(value)] == ([quote] if quote else [])


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("品　名　万　年　筆　３", "万年筆", "万　年　筆"),
        ("納\t品\t書", "納品書", "納\t品\t書"),
        ("T O T A L due", "TOTAL", "T O T A L"),
        ("„Luﬅhansel“", "Lufthansel", "Luﬅhansel"),
        ("Kauf\u00adver\u00adtrag", "Kaufvertrag", "Kauf\u00adver\u00adtrag"),
        ("a Bo\u00adot", "Boot", "Bo\u00adot"),
        ("for one (1) year from", "1 year", "(1) year"),
        ("within twelve months of", "12 months", "twelve months"),
        ("Signed: Keane, Ada Mary, clerk", "Ada Mary Keane", "Keane, Ada Mary"),
        ("השם כהן דוד חתם", "דוד כהן", "כהן דוד"),
        ("Revenue¹ 1,250", "Revenue", "Revenue"),
        ("Mira Vold signs; so does Tomas Arden", "Mira Vold, Tomas Arden", "Mira Vold signs; so does Tomas Arden"),
        ("US$ 12.00", "USD", "US$"),
        ("$ 12.00", "USD", "$"),
    ],
)
def test_words_are_found_as_they_are_set(text: str, value: str, quote: str) -> None:
    """Blanks within words, ligatures, soft hyphens, names turned round or joined, counts in words."""
    assert quote in [text[p.start : p.end] for p in TextIndex(text).find(value)]


def test_a_misread_word_needs_a_second_sign() -> None:
    """What OCR may have made of a value is offered apart; a figure is never another figure."""
    hay = TextIndex("BBO ribs 18.50, A-l0l, code 447126", guessed=True)
    assert [hay.text[p.start : p.end] for v in ("BBQ", "A-101") for p in hay.beside(v)] == ["BBO", "A-l0l"]
    assert not hay.beside("447120")
    assert not hay.beside(13.5)


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("Doors 6.30 pm, start 7:15 p.m.", "18:30", "6.30 pm"),
        ("Ende gegen 21.45 Uhr", "21:45", "21.45 Uhr"),
        ("costs 18.30 at the door", "18:30", None),
        ("to Burg   1 h 25 min", 85, "1 h 25 min"),
        ("2 Std. 30 Min. Fahrt", 2.5, "2 Std. 30 Min"),
        ("1 h 25 min", 125, None),
    ],
)
def test_times_and_durations(text: str, value: Any, quote: str | None) -> None:
    """A time of day is found on either clock, a duration in minutes or hours."""
    assert [text[p.start : p.end] for p in TextIndex(text).find(value)] == ([quote] if quote else [])


@pytest.mark.parametrize(
    ("habits", "text", "right", "wrong"),
    [
        (Habits(point=","), "1.200 St", 1200, 1.2),
        (Habits(point="."), "1.200 kg", 1.2, 1200),
        (Habits(order="dmy"), "on 01/03/2025", "2025-03-01", "2025-01-03"),
        (Habits(order="mdy"), "on 01/03/2025", "2025-01-03", "2025-03-01"),
    ],
)
def test_figures_are_read_as_their_document_writes_them(habits: Habits, text: str, right: Any, wrong: Any) -> None:
    """Without such a habit both readings are found; with one, only its own."""
    assert TextIndex(text).find(right)
    assert TextIndex(text).find(wrong)
    assert TextIndex(text, habits=habits).find(right)
    assert not TextIndex(text, habits=habits).find(wrong)

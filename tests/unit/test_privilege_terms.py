"""Terms of privilege and counsel are found where they mean something; personal data where it proves itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.choices import PersonalKind
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.service.discovery.personal_data.finders import personal_data
from thresher.service.discovery.personal_data.redaction import redacted
from thresher.service.discovery.privilege.counsel_list import counsel_among, counsel_list
from thresher.service.discovery.privilege.screened_policy import screened_policy
from thresher.service.discovery.privilege.terms import DEFAULT_TERMS, term_list, terms_in

NOTICE = (
    "CONFIDENTIALITY NOTICE: This e-mail message and any attachments are for the sole use of the intended\n"
    "recipient(s) and may contain confidential and privileged information or attorney work product. Any unauthorized\n"
    "review, use, disclosure or distribution is prohibited."
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"See you.\n\n{NOTICE}\n", []),
        (f"> See you.\n>\n> {NOTICE.replace(chr(10), chr(10) + '> ')}\n", []),
        (f"Attorney-client privileged: the draft.\n\n{NOTICE}", ["privileged", "attorney-client"]),
        (f"Attorney-client privileged\n{NOTICE}\nBob", ["privileged", "attorney-client"]),
        (f"Bob\n{NOTICE.replace(chr(10), ' ')} The work product is attached.", ["work product"]),
        ("We asked for legal\nadvice on this.", ["legal advice"]),
        ("An underprivileged neighbourhood", []),
        ("ATTORNEY \u2011 client", []),
        ("attorney\u2011client communication", ["attorney-client"]),
    ],
)
def test_terms_stand_outside_notices(text: str, found: list[str]) -> None:
    """Words of a notice under a mail flag nothing; the same words above it do."""
    got = terms_in([text], tuple(t for t in DEFAULT_TERMS if t != "attorney client"))
    assert got == found


def test_counsel_is_found_among_people() -> None:
    """Addresses and domains, whatever the form of the name; lists with remarks; lines that are neither are refused."""
    known = counsel_list(["Ann@in.example  # in-house", "", "firm.example"])
    document = MatterDocument(
        id="a",
        family_id="a",
        sender=('"Roe, Ann" <ann@IN.example>',),
        to=("bob@notfirm.example", "Sue [sue@eu.firm.example]"),
        bcc=("'x@firm.example'", "Ann <ann@in.example>"),
    )
    assert list(counsel_among(document, known)) == ["ann@in.example", "sue@eu.firm.example", "x@firm.example"]
    with pytest.raises(InputProblem):
        counsel_list(["Sue Counsel"])
    assert term_list(["legal hold # ours", "#", "legal hold"]) == ("legal hold",)


TRUE_FINDS = [
    ("His SSN is 078-05-1120.", "ssn", "078-05-1120"),
    ("SSN: 078051120", "ssn", "078051120"),
    ("EIN 12-3456789", "tax_id", "12-3456789"),
    ("Date of birth: March 3, 1961", "birth_date", "March 3, 1961"),
    ("DOB 03/04/61", "birth_date", "03/04/61"),
    ("card 4111 1111 1111 1111 exp", "card_number", "4111 1111 1111 1111"),
    ("Amex 3782-822463-10005", "card_number", "3782-822463-10005"),
    ("IBAN DE89 3704 0044 0532 0130 00.", "iban", "DE89 3704 0044 0532 0130 00"),
    ("Account No. 0012345678", "account_number", "0012345678"),
    ("ABA# 021000021", "account_number", "021000021"),
    ("Write to jo.doe@acme.example!", "email", "jo.doe@acme.example"),
    ("Call (713) 853-3989 today", "phone", "(713) 853-3989"),
    ("Tel. +49 30 901820", "phone", "+49 30 901820"),
    ("Passport no. C01X00T47", "passport", "C01X00T47"),
]
FALSE_FINDS = [
    "Order 4111 1111 1111 1112",
    "part 123-45-67890",
    "000-12-3456 and 666-12-3456",
    "the meeting of March 3, 1961",
    "DE88 3704 0044 0532 0130 00",
    "version 10.20.30.40, item 713-85-3398-9",
    "account number follows",
    "0000 0000 0000 0000",
    "Deal 078-05-11200",
    "$1,234,567.89 on 2001-05-21",
]


@pytest.mark.parametrize(("text", "kind", "value"), TRUE_FINDS)
def test_personal_data_is_found(text: str, kind: str, value: str) -> None:
    """Each kind in a sentence, with its place."""
    (found,) = personal_data(text)
    assert (found.kind, found.value, text[found.start : found.end]) == (kind, value, value)


@pytest.mark.parametrize("text", FALSE_FINDS)
def test_what_only_looks_like_personal_data_is_left(text: str) -> None:
    """Wrong check digits, part numbers, dates without a label."""
    assert list(personal_data(text)) == []


@given(st.text(alphabet="0123456789 -+@.abDE#:", max_size=300))
def test_finds_never_overlap(text: str) -> None:
    """Finds stand in order and apart, and say what stands at their place."""
    end = 0
    for found in personal_data(text):
        assert end <= found.start < found.end
        assert text[found.start : found.end] == found.value
        end = found.end


@given(st.lists(st.sampled_from(["SSN 078-05-1120", "x", " ", "DOB 03/04/61", "\n", "1"]), max_size=20).map("".join))
def test_redacted_copies_mark_finds_and_keep_the_rest(text: str) -> None:
    """Each find is a mark; every character outside finds stands where `moved` says."""
    kinds: frozenset[PersonalKind] = frozenset({"ssn", "birth_date"})
    made = redacted(text, kinds)
    found = [d for d in personal_data(text) if d.kind in kinds]
    inside = {i for d in found for i in range(d.start, d.end)}
    assert made.text.count("[REDACTED:") == len(found)
    for i, character in enumerate(text):
        place = made.moved(i)
        assert (place is None) == (i in inside)
        assert place is None or made.text[place] == character


def test_model_sees_no_page_that_could_not_be_screened() -> None:
    """Pictures of weak pages are off after a screen; OCR by a model is refused; what is asked for by name stays."""
    assert screened_policy(Policy()).images == "off"
    assert screened_policy(Policy(images="all")).images == "all"
    with pytest.raises(InputProblem, match="vision"):
        screened_policy(Policy(read=ReadOptions(ocr="vision")))

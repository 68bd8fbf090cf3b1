"""Rubbish: the text layer of a scan that says nothing is told from one that is merely hard to read."""

from __future__ import annotations

import numpy as np
import pytest

from thresher.service.readers.pdf.pictures.unusable_text_layer import is_unusable
from thresher.service.readers.pdf.text.garbage_text import is_garbage

RUBBISH = {
    "Cyrillic read as Latin": "Cu4ëT- N2 47I1 oT I2.0З.2O24 r. nocT@Bu4uK: OOO PoMaWKa noKyn@TeJIb: HH4bK xqrt zB4P kmnT wQr7 q; _ ~"
    " cyMMa 1 25O,O0 py6. |-|flC 2O% bCgT hJK4 wVb1 3a_H4 " * 3,
    "noise": "~ ., |l 1: _- '; ii .,l J_ ~~ ;: l1 |. ,' `. :i |_ rn~ ,; -. '' l| i; ~_ ^ ;. 'l ,. || .: _~ ;' !. ,; :.",
    "a bad picture": "1nv0!ce Nurnb3r 2oI5-01-o7 T0tai 1,2O0.OO nqx Pz7k wrt4 l|ne lt3rn qVy 8O.O0 xk~ 5O.0o Wbt| kqjz vrnt "
    * 3,
}
SOUND = {
    "an invoice": "Invoice INV-2024-0815 of 12.03.2024 to ACME Ltd. Item Qty Price Total 4 x Bolts M8 1.25 5.00 VAT 20% 1.00 Total 6.00",
    "codes": "A1 SJ38FW T2246796 WOC12372198 00:30 MTWTF-- 6A-7A $1,250.00 P-03 NM KDFW 10/12/20 M-F KSAX-TV LLC 0.00 15%"
    * 2,
    "Finnish": "Lasku numero neljä tuhatta seitsemänsataa yksitoista Eräpäivä on huhtikuun viides päivä Loppusumma kaksisataa euroa "
    * 2,
    "another script": "Счёт на оплату номер 4711 от двенадцатого марта Поставщик общество Ромашка Покупатель Василёк Итого к оплате "
    * 2,
}


def units(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    """A text as PDFium gives it."""
    return np.frombuffer(text.encode("utf-16-le"), np.uint16)


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_found_out(name: str) -> None:
    """However long it is."""
    assert is_unusable(units(RUBBISH[name]))
    assert is_unusable(units(RUBBISH[name] * 20))


@pytest.mark.parametrize("name", SOUND)
def test_sound_text_is_none(name: str) -> None:
    """Codes, long words and other scripts neither."""
    assert not is_unusable(units(SOUND[name]))
    assert not is_garbage(units(SOUND[name]))


@pytest.mark.parametrize("text", ["AAAAAAA AAAA AA AAAAAAAAAAAAA AAAAA " * 3, "1AAA2AAAAAAbAAAAAAAAAA " * 6])
def test_a_font_that_tells_one_letter_for_all_is_garbage(text: str) -> None:
    """Whatever figures stand between."""
    assert is_garbage(units(text))


@pytest.mark.parametrize("text", ["0.00 0.00 0.00 10.00 " * 20, "XXXX-XXXX-1234 " * 4, "- - - - - 1 - -" * 10])
def test_tables_of_noughts_and_masked_numbers_are_none(text: str) -> None:
    """Few letters tell nothing."""
    assert not is_garbage(units(text))


def test_capitals_with_accents_are_vowels() -> None:
    """A text in capitals is judged as the same text in small letters: every vowel of these words has an accent."""
    text = "PRÊT DÛ NÉ LÀ BÂT FÜR GRÖN HÂT MÛR " * 12
    assert not is_garbage(units(text.lower()))
    assert not is_garbage(units(text))
    assert is_garbage(units("PRXT DQ NK LG BWT FVR GRKN HZT MXR " * 12))

"""Decide whether the text layer over a scan is unusable.

It may be the result of OCR for another script, of noise, or of a bad picture.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.objects import PageObjects, user_boxes

_SCAN_MIN_AREA = 0.5  # of the page's area: an image this large is a scan
_MIN_WORDS = 20  # fewer cannot be judged
_ODD_MAX_SHARE = 0.4  # of the words' weight, in words that look like none
_SCRIPTS = re.compile(r"[^\x00-\u024f]")
_NUMBER = re.compile(r"[^\w\s]*[$€£]?\d[\d.,:/'’\-–]*(?:st|nd|rd|th|[a-zA-Z%])?[^\w\s]*")
_WORD = re.compile(r"[^\w\s]*[A-Z]?(?:[a-z]+|[A-Z]+)(?:['’\-/.&][A-Za-z]+)*[^\w\s]*")
_CODE = re.compile(r"[^\w\s]*(?=\w*\d)[A-Z\d][A-Z\d\-/.]{3,}[^\w\s]*")
_CONFUSED = re.compile(r"\d[oOlI]\d|\d[,.][oO\d]*[oO]|[oO]\d[oO]|\d[a-z]+[A-Z]")
_VOWEL = re.compile(r"[aeiouyàáâäåæèéêëìíîïòóôöøùúûü]", re.IGNORECASE)
_VOWEL_MIN_LETTERS = 4  # a word this long has a vowel


def is_unusable(units: NDArray[np.uint16]) -> bool:
    """Whether much of a text is neither words nor numbers; text in scripts other than Latin is not judged."""
    words = units.tobytes().decode("utf-16-le", "replace").split()
    if len(words) < _MIN_WORDS:
        return False
    odd = sum(_weight(word) for word in words if not is_plausible_word(word))
    return odd > _ODD_MAX_SHARE * sum(map(_weight, words))


def _weight(word: str) -> int:
    """Return the weight of a word: its length up to 8, plus 1."""
    return min(len(word), 8) + 1


def is_plausible_word(word: str) -> bool:
    """Whether a word looks like a word, a number or a code.

    >>> [is_plausible_word(word) for word in ("Total:", "1,250.00", "A-17", "2oI5-01-o7", "2,0O0", "~", "xqvz")]
    [True, True, True, False, False, False, False]
    """
    if _SCRIPTS.search(word):
        return True
    if _CONFUSED.search(word):
        return False
    if _NUMBER.fullmatch(word) or _CODE.fullmatch(word) or re.fullmatch(r"[A-Z]-?\d+", word):
        return True
    letters = sum(map(str.isalpha, word))
    if not _WORD.fullmatch(word) or (letters == 1 and word.strip(".,:;()") not in "aAIoOyYeEuUxX&"):
        return False
    return letters < _VOWEL_MIN_LETTERS or word.isupper() or _VOWEL.search(word) is not None


def is_scan(page: PageObjects, frame: PageFrame) -> bool:
    """Whether a picture covers most of a page."""
    box = frame.show(user_boxes([image for _, image in page.images()], page.forms.places))
    width = (np.minimum(box[:, 2], frame.width) - np.maximum(box[:, 0], 0)).clip(0)
    height = (np.minimum(box[:, 3], frame.height) - np.maximum(box[:, 1], 0)).clip(0)
    return bool((width * height).sum() > _SCAN_MIN_AREA * frame.width * frame.height)

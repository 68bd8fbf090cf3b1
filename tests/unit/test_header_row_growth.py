"""The first row of a table is judged in linear time, whatever stands in its cells."""

from __future__ import annotations

import itertools
import re
import time

from thresher.service.readers import header_row


def test_a_cell_of_at_signs_and_stops_takes_no_time() -> None:
    """A cell of 2,000 at signs and stops before a line end takes no time: it once grew with the cube of its length."""
    began = time.process_time()
    assert header_row._VALUE.fullmatch("@." * 2_000 + "\nx") is None
    assert time.process_time() - began < 0.5


def test_an_address_is_a_value_as_before() -> None:
    """Every short text of at signs, stops, letters and line ends is judged as the plain pattern judges it."""
    plain = re.compile(r".*@.*\..*")
    for length in range(7):
        for letters in itertools.product("@.a\n", repeat=length):
            cell = "".join(letters)
            assert bool(header_row._VALUE.fullmatch(cell)) == bool(plain.fullmatch(cell)), repr(cell)

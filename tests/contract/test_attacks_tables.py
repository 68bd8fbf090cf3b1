"""Attacks by cells: a subject or a name that a spreadsheet would run as a formula, in any CSV that Thresher writes."""

from __future__ import annotations

import ast
import csv
from io import StringIO
from pathlib import Path

from thresher.service.discovery.privilege.privilege_log import PrivilegeLogRow, write_privilege_log
from thresher.service.exports.csv_tables import InertCsv
from thresher.service.server.api.calls import csv_text

SERVICE = Path(__file__).parents[2] / "service"
FORMULAS = ["=1+1", "+1-1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"]
PLAIN = ["-1.50", "1", "a=b", "", "Re: =1"]


def test_no_cell_is_a_formula() -> None:
    """Each gets a quote before it; numbers and other texts stay as they are."""
    stream = StringIO()
    InertCsv(stream).writerows([FORMULAS, PLAIN])
    stream.seek(0)
    first, second = csv.reader(stream)
    assert first == [f"'{one}" for one in FORMULAS]
    assert second == PLAIN


def test_the_list_of_calls_and_the_privilege_log_hold_no_formula(tmp_path: Path) -> None:
    """A document's id and a mail's subject are what their authors like; counsel opens the log in a spreadsheet."""
    assert csv_text([{"=model": "＝cmd", "n": -1}]) == "'=model,n\n'＝cmd,-1\n"
    row = PrivilegeLogRow(**dict.fromkeys(PrivilegeLogRow.__slots__, "=HYPERLINK(1)"))
    assert write_privilege_log([row], tmp_path / "log.csv") == 1
    cells = next(csv.reader((tmp_path / "log.csv").read_text("utf-8-sig").splitlines()[1:]))
    assert set(cells) == {"'=HYPERLINK(1)"}


def test_every_csv_is_written_in_this_way() -> None:
    """Nothing in the package makes a CSV writer of its own."""
    names = {"writer", "DictWriter"}
    found = {
        path.name
        for path in SERVICE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in names
        if isinstance(node.value, ast.Name) and node.value.id == "csv"
    }
    assert found == {"csv_tables.py"}

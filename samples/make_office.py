"""Makes the office samples of the inbox: a purchase order (DOCX) and a bank statement (XLSX), all invented.

    python samples/make_office.py

Run it again only when a sample should change; the made files are kept beside the others.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from docx import Document
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

INBOX = Path(__file__).parent / "inbox"
DAY = dt.datetime(2025, 3, 14, 9, 0, tzinfo=dt.UTC).replace(tzinfo=None)
ITEMS = (
    ("WX-100", "Wind-up lantern, tin", 40, "12.50", "500.00"),
    ("WX-220", "Spare crank, left-handed", 15, "3.20", "48.00"),
    ("WX-305", "Lamp oil, 1 l, unscented", 60, "4.75", "285.00"),
)
ENTRIES = (
    ("2025-02-03", "Opening transfer", "TR-0001", 2500.00),
    ("2025-02-05", "Imaginary Lantern Works, order 4711", "TR-0002", -833.00),
    ("2025-02-11", "Hall rent, February", "TR-0003", -420.00),
    ("2025-02-14", "Ticket sales, lantern walk", "TR-0004", 1312.40),
    ("2025-02-19", "Insurance, first quarter", "TR-0005", -96.15),
    ("2025-02-27", "Account fee", "TR-0006", -4.90),
)


def purchase_order(path: Path) -> None:
    """A purchase order with a header, a table of items, a list of terms and a reviewer's comment."""
    document = Document()
    document.core_properties.author = "The Treasurer"
    document.core_properties.created = document.core_properties.modified = DAY
    document.sections[0].header.paragraphs[0].text = "Fictional Society of Lantern Walkers"
    document.sections[0].footer.paragraphs[0].text = "Invented for demonstration; no such company exists"
    document.add_heading("Purchase order PO-2025-0314", level=1)
    document.add_paragraph("Date: 14 March 2025")
    document.add_paragraph("Supplier: Imaginary Lantern Works Ltd, 1 Nowhere Lane, Exampleton")
    document.add_paragraph("Buyer: Fictional Society of Lantern Walkers, Assembly Hall, Exampleton")
    document.add_heading("Items", level=2)
    _table(document)
    total = document.add_paragraph("Total: 833.00 EUR, net of tax")
    document.add_comment(total.runs, text="Within the budget of 900.00 EUR.", author="The Treasurer", initials="T")
    document.add_heading("Terms", level=2)
    for term in ("Delivery by 30 March 2025", "Payment within 14 days of delivery", "Partial deliveries are accepted"):
        document.add_paragraph(term, style="List Number")
    document.save(str(path))


def _table(document: Any) -> None:
    table = document.add_table(rows=1, cols=5, style="Table Grid")
    for cell, name in zip(table.rows[0].cells, ("Code", "Item", "Quantity", "Unit price", "Amount"), strict=True):
        cell.text = name
    for item in ITEMS:
        for cell, value in zip(table.add_row().cells, item, strict=True):
            cell.text = str(value)


def bank_statement(path: Path) -> None:
    """A statement of account on two sheets: the entries with a running balance, and who holds the account."""
    book = Workbook()
    book.properties.creator = "Bank of Nowhere"
    book.properties.created = book.properties.modified = DAY
    sheet: Any = book.active
    sheet.title = "Entries"
    sheet["A1"] = "Statement of account, February 2025"
    sheet["A1"].font = Font(bold=True)
    sheet.append([])
    sheet.append(["Date", "Text", "Reference", "Amount", "Balance"])
    balance = 0.0
    for date, text, reference, amount in ENTRIES:
        balance = round(balance + amount, 2)
        sheet.append([dt.datetime.fromisoformat(date), text, reference, amount, balance])
        sheet.cell(sheet.max_row, 1).number_format = "dd.mm.yyyy"
        for column in (4, 5):
            sheet.cell(sheet.max_row, column).number_format = "#,##0.00"
    sheet["B6"].comment = Comment("Was this the annual rate?", "The Auditor")
    _holder(book, balance)
    book.save(path)


def _holder(book: Workbook, balance: float) -> None:
    sheet: Any = book.create_sheet("Account")
    rows = (
        ("Bank", "Bank of Nowhere"),
        ("Account holder", "Fictional Society of Lantern Walkers"),
        ("IBAN", "XX00 0000 0000 0000 0000 00"),
        ("Currency", "EUR"),
        ("Opening balance", 0.0),
        ("Closing balance", balance),
    )
    for row in rows:
        sheet.append(row)
    for r in (5, 6):
        sheet.cell(r, 2).number_format = "#,##0.00"


if __name__ == "__main__":
    INBOX.mkdir(exist_ok=True)
    purchase_order(INBOX / "order-lanterns.docx")
    bank_statement(INBOX / "statement-bank.xlsx")

"""The words that a Policy and the options of commands choose among; imports nothing else, so that --help is quick."""

from __future__ import annotations

from typing import Literal

Unit = Literal["family", "document", "folder"]
Stance = Literal["precision", "balanced", "recall"]
Ocr = Literal["auto", "off", "rapidocr", "tesseract", "vision"]
ReaderName = Literal["auto", "unstructured"]
Images = Literal["auto", "off", "all"]
Chunker = Literal["auto", "pages", "sections", "thread", "tables", "plain"]
Period = Literal["day", "month"]
AtLimit = Literal["refuse", "hold", "never"]
Running = Literal["finish", "stop"]
PersonalKind = Literal[
    "ssn",
    "tax_id",
    "birth_date",
    "account_number",
    "card_number",
    "iban",
    "passport",
    "driver_license",
    "email",
    "phone",
]
PrivilegePolicy = Literal["hold", "flag", "off"]
"""hold: what is held is not asked; flag: it is asked, and its flags stay; off: flags do not count."""
DenistMode = Literal["exclude", "keep", "log"]
"""Of known files: no document; a document that is marked; a document, and counted."""
DedupScope = Literal["none", "custodian", "global"]
OverlayForm = Literal["dat", "csv", "jsonl", "parquet"]

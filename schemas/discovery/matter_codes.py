"""Name every exception that a document of a matter can have, with its level, whether trying again may help, and a remedy.

Codes are lower case here and in JSON; load files write them in upper case (`upper`). Where a reader has the same code,
its remedy is that of `schemas/errors.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thresher.schemas.errors import CODES

ExceptionLevel = Literal["warning", "error"]


@dataclass(frozen=True, slots=True)
class ExceptionFact:
    """What is known of an exception code. `warning`: the content is there, something beside it may be missing."""

    level: ExceptionLevel
    retryable: bool
    remedy: str


def _fact(level: ExceptionLevel, remedy: str, *, retryable: bool = False) -> ExceptionFact:
    return ExceptionFact(level, retryable, remedy)


def _known(code: str, level: ExceptionLevel, *, retryable: bool = False) -> ExceptionFact:
    return ExceptionFact(level, retryable, CODES[code])


EXCEPTION_CODES: dict[str, ExceptionFact] = {
    # what a reader or a container says
    "password_protected": _known("password_protected", "error", retryable=True),
    "encrypted_smime": _known("encrypted_smime", "error"),
    "encrypted_pgp": _known("encrypted_pgp", "error"),
    "encrypted_volume": _fact("error", "the volume is encrypted; decrypt it first and collect what it holds"),
    "rms_protected": _known("rms_protected", "error"),
    "corrupt": _known("corrupt", "error"),
    "corrupt_partial": _known("corrupt_partial", "warning"),
    "zero_byte": _known("zero_byte", "error"),
    "unsupported_type": _known("unsupported_type", "error"),
    "type_mismatch": _known("type_mismatch", "warning"),
    "expansion_limit": _known("expansion_limit", "error", retryable=True),
    "depth_limit": _known("depth_limit", "error", retryable=True),
    "timeout": _known("timeout", "error", retryable=True),
    "too_large": _known("too_large", "error", retryable=True),
    "no_text": _known("no_text", "error", retryable=True),
    "ocr_failed": _known("ocr_failed", "error", retryable=True),
    "ocr_low_confidence": _known("ocr_low_confidence", "warning"),
    "decode_loss": _known("decode_loss", "warning"),
    "unsafe_path": _known("unsafe_path", "warning"),
    "embedded_unreadable": _known("embedded_unreadable", "error"),
    "linked_not_collected": _known("linked_not_collected", "warning"),
    "malware_suspect": _fact("error", "the file looks malicious; have it examined apart from the matter"),
    # inputs and custody
    "missing_file": _fact(
        "error", "a file that is named is not there; get it from whoever delivered it", retryable=True
    ),
    "orphan_file": _fact("warning", "no record names this file; ask whoever delivered it"),
    "hash_mismatch": _fact("error", "the bytes are not those that were recorded; see who changed them"),
    "duplicate_id": _fact("error", "two records have the same id; ask whoever delivered them"),
    "family_conflict": _fact("warning", "the family is stated in two ways; the most trusted was used"),
    "parent_missing": _fact("error", "the record names a parent that is not there; ask for it"),
    "container_count_mismatch": _fact("error", "the container states another number of items than it gave"),
    # productions
    "bad_date": _fact("warning", "the date can not be read; the text was kept"),
    "ambiguous_date_order": _fact("warning", "day and month can not be told apart; give the order of dates"),
    "dat_stray_qualifier": _fact("warning", "a text qualifier stands inside a value; it was kept as it stands"),
    "dat_column_count": _fact("error", "the row has another number of columns than the header"),
    "dat_header_repeated": _fact("warning", "the row is the header once more, as where load files were joined"),
    "dat_mojibake": _fact("error", "the load file was encoded twice; ask for it in one encoding"),
    "path_escape": _fact("error", "a path leaves the volume; it was not followed"),
    "opt_pagecount_mismatch": _fact("warning", "the stated number of pages is not that of the rows"),
    "opt_image_missing": _fact("error", "the image of a page is not there; ask for it", retryable=True),
    "dat_unclosed_value": _fact("error", "the last value is never closed by its qualifier; the file may be cut off"),
    "dat_trailing_padding": _fact("warning", "padding behind the last row (DOS end of file, NULs) was left out"),
    "undefined_bytes": _fact("warning", "bytes without a meaning in Windows-1252; kept as characters of their number"),
    "missing_id": _fact("error", "the row has no document id; ask whoever delivered it"),
    "duplicate_column": _fact("warning", "two columns hold one field; the second is kept under its own name"),
    "bad_bates": _fact("warning", "the document id is no Bates number, or has spaces; it is kept as given"),
    "bad_value": _fact("warning", "the value is not of the column's type; its text is kept"),
    "opt_duplicate_key": _fact("error", "two pages have the same image key; ask the producing party for a mended OPT"),
    "zone_unknown": _fact(
        "warning", "no zone is known by this name; times were read in the production's zone: give production_timezone"
    ),
    "bates_range": _fact("error", "the end of the Bates range is of another series, or before its beginning"),
    "bates_overlap": _fact("error", "the Bates range overlaps that of another document"),
    "child_missing": _fact("error", "the row lists an attachment that is not in the load file; ask for it"),
    "attach_count_mismatch": _fact("warning", "the stated number of attachments is not that of the children"),
    "page_count_mismatch": _fact("warning", "page count, Bates range and page images disagree"),
    "produced_hash_mismatch": _fact("warning", "the native's hash is not the one that the load file states"),
    "produced_size_mismatch": _fact("warning", "the native's size is not the one that the load file states"),
    "native_withheld": _fact("warning", "a withheld document came with its native; it was not opened"),
    "images_missing": _fact("warning", "no page image of this document was delivered", retryable=True),
    "opt_columns": _fact("warning", "a row of the OPT has not 7 columns; the path was taken to hold the commas"),
    "opt_first_row": _fact("error", "the first row of the OPT begins no document"),
    "opt_break_missing": _fact(
        "warning", "the page has a document's id and is not marked as its first; it was taken for it"
    ),
    "opt_row_unread": _fact("error", "the row of the OPT can not be read; ask for it"),
    "opt_document_missing": _fact("error", "the images belong to a document that is not in the load file"),
    "lfp_command_ignored": _fact("warning", "commands of the LFP that build no page were left out"),
    "link_skipped": _fact("warning", "a symbolic link in the volume was not followed"),
    "native_for_redacted": _fact("warning", "a redacted document came with its native; it was not opened: ask counsel"),
    "unsupported_loadfile": _fact("error", "load files of this format are not read; ask for DAT or CSV"),
    "mih_body_conflict": _fact("warning", "two mails share a Message-ID and differ in their text"),
    # extraction
    "context_overflow": _known("context_overflow", "error", retryable=True),
    "model_refused": _known("model_refused", "error", retryable=True),
    "model_invalid_output": _fact("error", "the model's answer never fitted the target; try another", retryable=True),
    "unsupported_value": _fact("warning", "a value stands nowhere in the text; look at the document"),
    # items of online services
    "permission_denied": _fact("error", "the service refused the item; collect it with an account that may"),
    "item_deleted_or_outside_retention": _fact("error", "the service no longer holds the item"),
    "throttling": _fact("error", "the service was too busy; collect the item again", retryable=True),
    "transient_service_error": _fact("error", "the service failed; collect the item again", retryable=True),
    "unresolvable_link": _fact("error", "the link leads nowhere; ask the custodian for the file"),
    "unsupported_artifact": _fact("error", "items of this kind are not read; export them in another format"),
    "unknown": _fact("error", "a fault without a name; please report it", retryable=True),
}


def upper(code: str) -> str:
    """Return a code as load files and reports of other tools write it.

    >>> upper("zero_byte")
    'ZERO_BYTE'
    """
    return code.upper()

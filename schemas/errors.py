"""Every way in which a request can fail, as one tree with stable codes.

    Problem            code: stable string, in JSON and logs; message carries the remedy
    ├─ InputProblem    the caller's file or request
    ├─ ModelProblem    the model or its provider
    ├─ JobProblem      the engine
    └─ SetupProblem    the operator

A `Problem` is an exception. A `Note` is the same finding written into a Result, beside data that could be had.
A code that is not listed in `CODES` is refused, so the vocabulary in the docs stays the whole vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

INPUT_CODES = {
    "address_refused": "the webhook's address is not a public one; give another, or let the operator allow it",
    "budget_too_small": "the prompt and the target alone exceed the window; raise the budget or use a smaller target",
    "case_invalid": "the case or run can not be scored; see the message",
    "columns_invalid": "the map of columns is not valid; see the message for the line",
    "context_overflow": "the question exceeds the model's window; lower the budget or choose a larger model",
    "content_limit": "words in a tag were left out, for there are more than any page has; look at the file where they matter",
    "correction_unplaced": "a person corrected a row that is not there any more, so that was not applied; look at the list again",
    "corrupt": "the file is damaged and nothing could be read; get another copy",
    "corrupt_partial": "the file is damaged; what could be read was kept; get another copy to be sure",
    "csrf_invalid": "the page's proof against forged requests is missing or old; load the page again and repeat",
    "decode_mended": "characters that a wrong character set or font table had told wrongly were put right",
    "decode_loss": "the character set was unknown or wrong; some characters were replaced",
    "depth_limit": "nesting is deeper than the limit; raise limits.depth if the file is trusted",
    "embedded_unreadable": "an embedded item could not be opened; extract it by hand and pass it separately",
    "encrypted_pgp": "the mail is encrypted with OpenPGP; decrypt it first",
    "encrypted_smime": "the mail is encrypted with S/MIME; decrypt it first",
    "expansion_limit": "expanding the file passes the limit on size, ratio or count; raise limits if it is trusted",
    "field_invalid": "a field or parameter of the request has a wrong value; see the message",
    "file_not_found": "no file at that path; check the spelling",
    "formula_uncomputed": "a formula holds no stored result; let a spreadsheet program calculate and save the file",
    "forbidden": "this key may not do that; use another one",
    "hidden_kept": "hidden in the file's own program but read like the rest; check whether it counts",
    "hidden_text": "text lies hidden under the visible page and was left out; ask for it with policy hidden_text",
    "idempotency_mismatch": "the idempotency key was used with another request; take a new key",
    "inline_unread": "a small picture was not read; look at it, or let OCR read it (thresher[ocr]; in mails with policy read.inline = all)",
    "key_invalid": "no valid API key; send `Authorization: Bearer KEY` with one made by `thresher keys create`",
    "linked_not_collected": "an attachment is only a link; collect the linked file and pass it separately",
    "loadfile_unclear": "which load file of the volume counts is not clear; name it with --loadfile",
    "loop_running": "an event loop runs here already (a notebook has one); write `await aextract(...)` in place of `extract(...)`",
    "marks_unread": "the page has too many drawings for lines, boxes and crossed-out words to be looked for; look at it",
    "matters_off": "this service keeps no matters; the operator names a folder for them in THRESHER_MATTERS",
    "media_type_wrong": "the request has another media type than this address takes",
    "method_not_allowed": "this address does not take that method; see /openapi.json",
    "no_text": "no text was found; turn OCR on, or check that the page is not blank",
    "no_target": "no pattern of the target map matches this file; add one",
    "not_found": "nothing is there under that name; check the spelling",
    "ocr_failed": "OCR could not read the page; try another engine",
    "ocr_low_confidence": "OCR is unsure of this page; check the values against the image",
    "original_missing": "the document itself is not where it was, so its pages can not be shown; its values can still be reviewed; name its folder with --originals",
    "passwords_need_key": "passwords travel only where the service encrypts what it keeps; send the file without one, or ask the operator",
    "option_invalid": "correct the option; `--help` after the command tells what it takes",
    "password_protected": "the file needs a password; give a file of passwords with --passwords",
    "picture_unread": "a picture on the page may hold text that was not read; look at it, or let OCR read it (thresher[ocr])",
    "policy_invalid": "correct the policy; the message names the field",
    "quota_exceeded": "the tenant's quota has no room for it; send less, wait for the next month, or ask the operator for more",
    "request_invalid": "the request is not as the service expects it; see the message",
    "review_conflict": "somebody else is at it, or has changed it meanwhile; look at it again, then decide",
    "rms_protected": "the file is protected by rights management; open it with an account that may",
    "session_ended": "the session has expired or was ended; log in again with the key",
    "script_unreadable": "the page, or a part of it, is in a script that OCR can not read here (see `thresher doctor`); use a model that sees, or `--ocr vision`",
    "source_changed": "somebody changed the file while it was read; run again when nobody writes to it",
    "source_refused": "that path is not below a folder that the operator opened for imports (THRESHER_IMPORT_ROOTS); upload it, or ask the operator",
    "source_invalid": "give a path, bytes, a file opened with open(path, 'rb'), Text('...'), or a list of these",
    "target_invalid": "correct the target, or choose another (`thresher schema list`)",
    "timeout": "reading took longer than the limit; raise limits.seconds if the file is trusted",
    "too_large": "the file is larger than a limit; raise limits if it is trusted",
    "type_mismatch": "the name says another type than the content; the content was believed",
    "unsafe_path": "a member's path leaves its folder; it was read under a safe name",
    "unsupported_loadfile": "no reader for this kind of load file; ask the producing party for DAT, CSV and OPT",
    "unsupported_type": "no reader for this type of content; convert it to PDF or text",
    "upload_incomplete": "the upload ended early or stood still for too long; send it again",
    "value_not_understood": "what was typed is no value of this field, or could be several; see the message",
    "versions_differ": "the file holds a second version that says something else than the one that programs show; compare them",
    "zero_byte": "the file is empty; get another copy",
}
MODEL_CODES = {
    "budget_reached": "the budget is used up; wait for its next period, or let the operator raise it (`thresher budgets`)",
    "cost_limit_reached": "the next call could pass --max-cost; raise it and run again, finished calls are kept",
    "model_misbehaved": "the model's replies never fitted the target; try a larger model",
    "model_refused": "the model refused to answer; try another model or prompt",
    "model_unavailable": "the model could not be reached; check key, name and network, then run again",
    "question_rejected": "the provider rejected the question; the message says why; try another mode, schema or model",
    "prompt_cut": "the server cut the prompt to its context window, and read only a part; raise the window (Ollama: num_ctx in the policy's model_options, or OLLAMA_CONTEXT_LENGTH; others: their own setting), or lower chunk_tokens",
    "price_unknown": "the model's price is unknown, so --max-cost can not be kept; give prices in the policy",
}
JOB_CODES = {
    "internal_error": "a fault of Thresher itself; the rest goes on; please report it with the log",
    "interrupted": "the run was stopped; run the same command again to go on",
    "job_gone": "the job and its results were deleted, or their time was up; send the documents again",
    "job_not_found": "no job has that id",
    "import_waits": "another import is under way there; this one begins by itself after it",
    "lease_lost": "another worker took the document over",
    "matter_busy": "an import or another command is writing to the matter; cancel it or wait, then try again",
    "result_not_ready": "the job is not finished; ask again later, or use ?wait",
    "too_many_responses": "too many long responses to this tenant are under way; read them to their end, then ask again",
    "too_many_listeners": "too many requests wait for results; ask again in a moment, without ?wait",
    "shutting_down": "the service is stopping; try again in a moment",
    "poisoned": "its processing killed its process more than once, so it is set aside; try it again by hand with `retry`, or send a mended copy; please report it",
    "worker_died": "the process died while it worked on this file; it is tried again, the rest goes on",
}
SETUP_CODES = {
    "address_taken": "the service can not listen there; the message says why; choose another --host or --port",
    "address_needs_key": "beyond loopback, and with --require-key, the service needs an API key; run `thresher keys create` first",
    "bucket_missing": "the bucket of the uploads is not there; make it, or correct --uploads",
    "database_away": "the database does not answer; see that it runs and that --database names it; nothing is lost",
    "database_refused": "the database takes no connection like this; correct address, user, password or name in --database",
    "encryption_key_invalid": "an encryption key is 32 random bytes in base64; make one with `openssl rand -base64 32`",
    "encryption_key_missing": "what is kept was encrypted with another key; give that one too in THRESHER_ENCRYPTION_KEY",
    "extra_missing": "an optional part is not installed; install the extra that the message names",
    "key_missing": "the model's provider wants a key; set the variable that the message names",
    "key_rejected": "the model's provider refuses the key; check its value, and that it may use this model",
    "machine_short": "the machine has no file handles, memory or threads left just now; what was asked is tried again; give it more, or fewer files at once",
    "model_unknown": "the provider has no model of that name; check --model, and the address if there is one",
    "model_unreachable": "nothing answers at the model's address; check THRESHER_API_BASE, and that the server runs",
    "setting_invalid": "a setting has an unknown name or a wrong value; the message names it, `thresher settings` lists all",
    "setting_missing": "a setting is needed; the message names it",
    "weights_missing": "the model's weights are not here; run `thresher models pull`, with its name where it is not the embedded one",
    "weights_corrupt": "the weights' checksum is wrong; run `thresher models pull` again",
    "storage_away": "the storage of the uploads does not answer; check its address and the network, then try again",
    "storage_damaged": "what is kept is not what was put there; restore it from a backup, or send the document again",
    "storage_full": "no room is left where the service keeps its data; free some and try again, nothing is lost",
    "storage_refused": "the storage of the uploads refuses the credentials; check AWS_ACCESS_KEY_ID and what it may do",
    "storage_shared": "another service keeps its uploads there; give each its own folder or prefix",
    "store_failed": "the run's own records can not be read or written; see the message, free space or choose another folder",
    "store_locked": "another run or service uses this folder; wait for it, ask the service itself (/v1/calls), or choose another folder",
}
CODES: dict[str, str] = {**INPUT_CODES, **MODEL_CODES, **JOB_CODES, **SETUP_CODES}

Fault = Literal["input", "model", "machine"]
Transient = Literal["", "task", "rerun", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of a code. No other module may repeat it."""

    remedy: str
    fault: (
        Fault  # whose it is: the caller's file or request, the model or its provider, or this program and its machine
    )
    loses_content: bool = False  # in a Document's Notes: something in the source could not be read
    stops_run: bool = False  # no other document would fare better: the run ends, with this one message
    transient: Transient = ""  # may be gone when the same is done again; see below


"""`transient`: "" never; "task" where a whole Task of the service ended with it, which is then tried again; "rerun" when
somebody begins the run again (with a higher limit, a key, a price); "always" by itself, so that a worker tries again."""

_LOSES = frozenset(
    {
        "content_limit",
        "corrupt",
        "corrupt_partial",
        "decode_loss",
        "depth_limit",
        "embedded_unreadable",
        "encrypted_smime",
        "expansion_limit",
        "linked_not_collected",
        "no_text",
        "ocr_failed",
        "password_protected",
        "picture_unread",
        "poisoned",
        "rms_protected",
        "script_unreadable",
        "source_changed",
        "timeout",
        "too_large",
        "unsupported_type",
        "worker_died",
        "zero_byte",
    }
)
_TRANSIENT: dict[str, Transient] = {
    "worker_died": "task",
    "cost_limit_reached": "rerun",
    "internal_error": "rerun",
    "interrupted": "rerun",
    "key_missing": "rerun",
    "key_rejected": "rerun",
    "model_unknown": "rerun",
    "price_unknown": "rerun",
    "prompt_cut": "rerun",
    "source_changed": "rerun",
    "database_away": "always",
    "database_refused": "always",
    "machine_short": "always",
    "model_unavailable": "always",
    "model_unreachable": "always",
    "storage_away": "always",
    "storage_full": "always",
    "store_failed": "always",
}
_STOPS = frozenset(
    {"key_missing", "key_rejected", "model_unknown", "model_unreachable", "weights_missing", "weights_corrupt"}
)
_MACHINE = frozenset({"internal_error", *SETUP_CODES})


def _fault(code: str) -> Fault:
    if code in _MACHINE:
        return "machine"
    return "model" if code in MODEL_CODES else "input"


FACTS: dict[str, Fact] = {
    code: Fact(
        remedy=remedy,
        fault=_fault(code),
        loses_content=code in _LOSES,
        stops_run=code in _STOPS,
        transient=_TRANSIENT.get(code, ""),
    )
    for code, remedy in CODES.items()
}


def transient_codes(kinds: Iterable[Transient]) -> frozenset[str]:
    """Return the codes that are transient in one of the given ways."""
    wanted = set(kinds)
    return frozenset(code for code, fact in FACTS.items() if fact.transient in wanted)


RETRIED_BY_RERUN = transient_codes(("rerun", "always"))  # what a run that is begun again tries again
RETRIED_BY_WORKER = transient_codes(("always",))  # what a worker tries again, wherever in a Result it stands
STOPS_RUN = frozenset(code for code, fact in FACTS.items() if fact.stops_run)
RETRIED_AS_TASK = transient_codes(("task", "always"))  # the same, where it ended a Task


class Note(BaseModel):
    """A finding written into a Result: what is wrong, where, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    page: int | None = None  # 1-based
    box: tuple[float, float, float, float] | None = None  # of it on the page, in points as boxes of a Document
    cause: str | None = None  # the code of what was behind it, where that is another


class Problem(Exception):  # noqa: N818 - "Problem" is the noun of RFC 9457 and of this project
    """Something the caller can understand and act on."""

    codes: dict[str, str] = CODES

    def __init__(self, code: str, detail: str = "") -> None:
        """Build from a code of this class; `detail` says what and where, the remedy is added."""
        remedy = self.codes[code]
        self.code = code
        self.detail = detail
        self.message = f"{detail}: {remedy}" if detail else remedy
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[type[Problem], tuple[str, str]]:
        """Pickle with code and detail, for transfer between processes."""
        return type(self), (self.code, self.detail)

    def note(self, page: int | None = None, box: tuple[float, float, float, float] | None = None) -> Note:
        """Return the Problem as a record for a Result."""
        return Note(code=self.code, message=self.message, page=page, box=box)


class InputProblem(Problem):
    """The caller's file or request."""

    codes = INPUT_CODES


class ModelProblem(Problem):
    """The model or its provider."""

    codes = MODEL_CODES

    def __init__(self, code: str, detail: str = "", *, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds, as the provider asked."""
        super().__init__(code, detail)
        self.retry_after = retry_after


class JobProblem(Problem):
    """The engine."""

    codes = JOB_CODES


class SetupProblem(Problem):
    """The operator's machine or settings."""

    codes = SETUP_CODES


def note(
    code: str,
    detail: str = "",
    page: int | None = None,
    box: tuple[float, float, float, float] | None = None,
    cause: str | None = None,
) -> Note:
    """Build a Note from any code of the vocabulary. Raises KeyError on an unknown code."""
    message = f"{detail}: {CODES[code]}" if detail else CODES[code]
    return Note(code=code, message=message, page=page, box=box, cause=cause)

"""Build the tables of a report as text: the same rows for HTML, Markdown and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thresher.service.scorecard.contrast import Contrast
from thresher.service.scorecard.counts import total
from thresher.service.scorecard.scored_runs import CaseScore
from thresher.service.scorecard.summary import FieldLine, Measured, Summary, document_f1

MAX_ERRORS = 12  # errors shown of one document
VALUE_MAX_CHARS = 90  # characters of one value


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A title, a remark, column names and rows of text."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    remark: str = ""


def headline(summary: Summary) -> list[tuple[str, str, str]]:
    """Return (name, value, remark) of the most important measures."""
    run, counts, values = summary.run, summary.counts, summary.counts.values
    found = [
        ("document F1", *_measured(summary.document_f1, "mean over documents, failures 0")),
        ("value F1", *_measured(summary.value_f1, f"precision {values.precision:.3f}, recall {values.recall:.3f}")),
        ("places right", f"{counts.accuracy:.3f}", "of all places, correct absence included"),
        ("invention", f"{counts.invention:.3f}", "of the places where the truth has no value"),
        ("not in the document", f"{summary.ungrounded:.3f}", "of the values given"),
        ("documents", str(len(run.cases)), f"{len(summary.failed)} failed, {summary.pages} pages"),
    ]
    if summary.human_and_machine:
        human, machine = summary.human_and_machine
        found.append(("second person", f"{human:.3f}", f"document F1; the machine on the same cases {machine:.3f}"))
    return found


def cost(summary: Summary) -> Table:
    """Return the cost of a page in money, tokens and seconds."""
    usd = summary.per_page(lambda c: c.usage.usd)
    prompt = summary.per_page(lambda c: c.usage.prompt_tokens) or 0
    answer = summary.per_page(lambda c: c.usage.answer_tokens) or 0
    seconds = summary.per_page(lambda c: c.seconds) or 0
    stored, made = summary.run.answers.get("stored", 0), summary.run.answers.get("made", 0)
    rows = [[
        "unknown" if usd is None else f"{100 * usd:.3f}", f"{prompt:,.0f}", f"{answer:,.0f}", f"{seconds:.2f}",
        f"{made} asked, {stored} kept from earlier runs",
    ]]  # fmt: skip
    names = ["cents", "prompt tokens", "answer tokens", "seconds", "answers"]
    remark = "Seconds are each document's own, with others in hand beside it; answers kept from earlier runs take none."
    return Table(title="By page", columns=names, rows=rows, remark=remark)


def fields(summary: Summary) -> Table:
    """Return a row for each field."""
    names = [
        "field",
        "compared as",
        "F1",
        "95%",
        "value F1",
        "precision",
        "recall",
        "right",
        "wrong",
        "missed",
        "invented",
        "absent",
    ]
    people = any(line.human_and_machine for line in summary.fields)
    rows = [[*_field(line), *(_people(line) if people else [])] for line in summary.fields]
    remark = "F1 credits correct absence; value F1, precision and recall count values only."
    columns = [*names, *(["second person", "machine there"] if people else [])]
    return Table(title="Fields", columns=columns, rows=rows, remark=remark)


def documents(summary: Summary) -> Table:
    """Return a row for each document, the weakest first."""
    names = ["document", "status", "F1", "right", "wrong", "missed", "invented", "pages", "seconds", "why it failed"]
    return Table(title="Documents", columns=names, rows=[_document(c) for c in weakest_first(summary)])


def weakest_first(summary: Summary) -> list[CaseScore]:
    """Return the cases by their F1, the lowest first."""
    return sorted(summary.run.cases, key=lambda c: (document_f1(c), c.name))


def others(summary: Summary) -> Iterator[Table]:
    """Yield tables of lengths, records and evidence, if they have rows."""
    lengths = [
        [name, str(count), f"{whole:.3f}", "" if values is None else f"{values:.3f}"]
        for name, count, whole, values in summary.lengths
    ]
    yield Table(title="By length", columns=["length", "documents", "document F1", "value F1"], rows=lengths)
    rows = [
        [name, str(r.expected), str(r.given), str(r.exact), _share(r.exact, r.expected), _share(r.exact, r.given)]
        for name, r in summary.rows.items()
    ]
    if rows:
        names = ["list", "true rows", "given", "exact", "recall", "precision"]
        yield Table(title="Records", columns=names, rows=rows, remark="Exact: right in every judged field.")
    evidence = [[name, f"{mean:.3f}", str(places)] for name, (mean, places) in summary.evidence.items()]
    if evidence:
        remark = "Page right; boxes and characters: intersection over union. A value that is not right scores 0."
        yield Table(title="Evidence", columns=["measure", "mean", "true places"], rows=evidence, remark=remark)


def errors(case: CaseScore) -> Table:
    """Return the errors of one document."""
    rows = [
        [str(e.path or e.given_path), e.outcome, _value(e.truth), _value(e.given)] for e in case.errors[:MAX_ERRORS]
    ]
    left = len(case.errors) - len(rows)
    title = f"{case.name}: {len(case.errors)} of {sum(total(case.fields.values()))} places"
    return Table(
        title=title, columns=["place", "outcome", "truth", "given"], rows=rows, remark=f"{left} more." if left else ""
    )


def changes(found: Contrast) -> Table:
    """Return a row for each measure of two runs."""
    names = ["measure", "before", "after", "difference", "95%", "p", "better", "worse", "sign test p", "verdict"]
    rows = [
        [
            c.field, f"{c.before:.3f}", f"{c.after:.3f}", f"{c.difference:+.3f}",
            f"{c.interval.low:+.3f} to {c.interval.high:+.3f}", _p(c.p), str(c.better), str(c.worse),
            _p(c.sign), c.verdict,
        ]
        for c in (found.whole, *found.fields)
    ]  # fmt: skip
    remark = (
        "p: paired bootstrap over documents, by Holm for the number of fields; 1 where fewer than 6 documents changed, "
        "which is too few to tell from chance. Better and worse count documents."
    )
    return Table(title="Changes", columns=names, rows=rows, remark=remark)


def made_of(summary: Summary) -> list[tuple[str, str]]:
    """Return (name, value) of the settings that produced the run, enough to repeat it."""
    run = summary.run
    prompts = ", ".join(f"{name} {fingerprint}" for name, fingerprint in sorted(run.prompts.items()))
    targets = ", ".join(f"{name} {fingerprint}" for name, fingerprint in run.targets.items())
    given = {k: v for k, v in run.policy.items() if k != "model"}
    policy = ", ".join(f"{k} {v}" for k, v in given.items()) or "as it comes"
    return [
        ("run", run.id), ("at", f"{run.at:%Y-%m-%d %H:%M:%S} UTC"), ("model", run.model), ("target", targets),
        ("policy", policy), ("prompts", prompts or "none"), ("code", f"{run.thresher}, {run.code}"),
    ]  # fmt: skip


def _measured(measured: Measured, detail: str) -> tuple[str, str]:
    return f"{measured.value:.3f}", f"{measured.interval.low:.3f} to {measured.interval.high:.3f}; {detail}"


def _field(line: FieldLine) -> list[str]:
    c, (low, high) = line.counts, line.f1.interval
    shares = [_share(c.right, c.right + c.wrong + c.invented), _share(c.right, c.right + c.wrong + c.missed)]
    strict = f"{c.values.f1:.3f}" if sum(c.values) else ""
    measures = [f"{line.f1.value:.3f}", f"{low:.3f} to {high:.3f}", strict, *shares]
    return [line.field, line.form, *measures, *map(str, (c.right, c.wrong, c.missed, c.invented, c.absent))]


def _people(line: FieldLine) -> list[str]:
    return [f"{c.f1:.3f}" for c in line.human_and_machine] if line.human_and_machine else ["", ""]


def _document(case: CaseScore) -> list[str]:
    c = total(case.fields.values())
    counts = map(str, (c.right, c.wrong, c.missed, c.invented, case.pages))
    return [
        case.name,
        case.status,
        f"{document_f1(case):.3f}",
        *counts,
        f"{case.seconds:.1f}",
        case.reason[:VALUE_MAX_CHARS],
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def _p(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _value(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= VALUE_MAX_CHARS else f"{text[:VALUE_MAX_CHARS]}…"

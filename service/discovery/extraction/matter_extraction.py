"""Extract from a matter: screen, plan, ask the masters through the engine, and let their copies share the answers.

    plan -> (privilege, withheld, not inclusive: passed over) -> Sources -> folder_run -> Results below results/TARGET/
                                                                                       -> outcomes, states, exceptions, log

Only documents of the plan have Sources, and only Sources are read and asked: what is held is not among them. A run that
is begun again asks nothing that was answered, and writes nothing that is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.schemas.choices import PrivilegePolicy
from thresher.schemas.discovery.matter import MatterDocument, MatterException
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.service.base.threads import in_thread
from thresher.service.discovery.extraction.outcomes import Outcome, Outcomes
from thresher.service.discovery.extraction.plan import Plan, folder_of, plan, threads_with_unasked
from thresher.service.discovery.extraction.recorder import Recorder
from thresher.service.discovery.extraction.result_states import OTHER_KIND, failed_exception
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.screen import kept_lists, unread_by_screen
from thresher.service.discovery.reading.document_sources import DocumentSources
from thresher.service.discovery.reading.document_texts import children_of
from thresher.service.discovery.reading.texts import Texts
from thresher.service.discovery.reading.walk import DocumentFiles, walked
from thresher.service.extraction.engine import UnitProcessor
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import RefusedPath
from thresher.service.runs.engines import engines_by_rule
from thresher.service.runs.exports import Folder
from thresher.service.runs.folder_run import Event, Run, UnitStates, run
from thresher.service.runs.read_options import read_options
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.targets.target_map import Rule, TargetMap

_AT_ONCE = 200  # outcomes written in one transaction
AHEAD = 16  # documents open beyond `policy.concurrency`


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionChoice:
    """What is asked of a matter. `targets`: tried in turn where a document is of another kind than the one before."""

    targets: tuple[TargetMap, ...]
    policy: Policy
    privilege: PrivilegePolicy = "hold"
    inclusive_only: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What does the work: the processes that read, the model, where states of documents are kept, and who hears of steps."""

    pool: ReaderPool
    model: Model
    store: UnitStates
    report: Callable[[Event], None] = lambda _: None
    elsewhere: UnitProcessor | None = None  # where large documents are processed; None: in this process


@dataclass(slots=True)
class ExtractionCounts:
    """What an extraction came to."""

    asked: int = 0
    shared: int = 0
    unreadable: int = 0
    passed: Counter[str] = field(default_factory=Counter)  # by reason
    states: Counter[str] = field(default_factory=Counter)  # of those that were asked
    new: int = 0  # outcomes that were written


def planned(matter: Matter, choice: ExtractionChoice, outcomes: Outcomes) -> Plan:
    """Return what happens to each document of a matter."""
    before = outcomes.asked_before()
    unasked = threads_with_unasked(matter.store.documents(), choice.privilege) if choice.inclusive_only else None
    return plan(
        matter.store.documents(),
        choice.targets[0],
        lambda document: document.state == "exception" and document.id not in before,
        privilege=choice.privilege,
        inclusive_outside=unasked,
    )


async def extract_matter(matter: Matter, choice: ExtractionChoice, parts: Parts) -> ExtractionCounts:
    """Extract from all documents that may be asked; return the counts.

    After a cancellation the next run goes on. What looks at all documents runs in a thread, as a worker's loop must not wait. Raises Problem where no other document would fare better.
    """
    outcomes = Outcomes(matter)
    made = await in_thread(planned, matter, choice, outcomes)
    counts = ExtractionCounts(len(made.asked), len(made.shared), made.unreadable,
                              Counter(p.reason for p in made.passed))  # fmt: skip
    if made.asked:  # before anything is written, as it may be killed
        matter.record_event("extraction_begun", model=parts.model.name, documents=len(made.asked))
    counts.new += await in_thread(_write_passed, matter, made, outcomes)
    folder, rules = matter.folder / "results", [rule for targets in choice.targets for rule in targets.rules]
    Folder(folder).note_inputs([], (rule.target for rule in rules), choice.policy.read)
    asking = await in_thread(_Asking, matter, choice, parts, outcomes)
    try:
        await asking.ask(made)
    finally:
        counts.new += asking.recorder.new + _write_shared(matter, made, outcomes)
        counts.states.update(asking.recorder.states.values())
        matter.write_log()
    return counts


def _write_passed(matter: Matter, made: Plan, outcomes: Outcomes) -> int:
    found = [Outcome(target="", document_id=p.document_id, state=p.state, reason=p.reason) for p in made.passed]
    return _written(found, outcomes, matter)


def _write_shared(matter: Matter, made: Plan, outcomes: Outcomes) -> int:
    """Give copies the outcomes of the documents that answer for them, and the exceptions where there was no answer."""
    found = [
        replace(outcome, document_id=copy, answered_by=master)
        for copy, master in made.shared.items()
        for outcome in outcomes.of(master)
        if outcome.target
    ]
    return _written(found, outcomes, matter)


def _written(found: list[Outcome], outcomes: Outcomes, matter: Matter) -> int:
    batches = (found[i : i + _AT_ONCE] for i in range(0, len(found), _AT_ONCE))
    return sum(outcomes.write(some, list(_failed(matter, some))) for some in batches)


def _failed(matter: Matter, copies: list[Outcome]) -> Iterator[MatterException]:
    for outcome in copies:
        document = matter.store.document(outcome.document_id)
        if document is not None and outcome.state == "exception":
            yield failed_exception(document, outcome.reason, outcome.answered_by or "")


class _Asking:
    """One run over the documents of a plan, target after target."""

    def __init__(self, matter: Matter, choice: ExtractionChoice, parts: Parts, outcomes: Outcomes) -> None:
        self.matter, self.choice, self.parts, self.outcomes = matter, choice, parts, outcomes
        self.sources, self.children = DocumentSources(matter), children_of(matter)
        self.texts, self.results = Texts(matter.folder / "texts"), matter.folder / "results"
        self.files: dict[str, DocumentFiles] = {}  # of what is in hand, by path
        holds = choice.privilege == "hold" and kept_lists(matter) is not None
        self.unread = unread_by_screen(matter) if holds else {}  # not read either for asking: nobody looked at it
        self.recorder = Recorder(outcomes, self.results, self._document, parts.model.name)

    def _document(self, document_id: str) -> MatterDocument:
        document = self.matter.store.document(document_id)
        if document is None:
            raise InputProblem("not_found", document_id)
        return document

    async def ask(self, made: Plan) -> None:
        """Ask with the first target; those of another kind with the next, and so on."""
        rules = made.asked
        for number, targets in enumerate(self.choice.targets):
            if number:
                rules = {i: targets.rules[0] for i, rule in rules.items() if self._is_of_another_kind(i, rule)}
            await run(self._job(rules), self._found(rules))

    def _is_of_another_kind(self, document_id: str, rule: Rule) -> bool:
        outcome = self.outcomes.get(folder_of(rule.target), document_id)
        return outcome is not None and outcome.reason == OTHER_KIND

    def _job(self, rules: dict[str, Rule]) -> Run:
        policy = self.choice.policy.model_copy(update={"unit": "family", "split": "off"})
        alone = {i: replace(rule, unit=None) for i, rule in rules.items()}  # families are asked as such
        return Run(
            engine=engines_by_rule(
                self.parts.model,
                policy,
                lambda source: alone[source.path.rpartition("/")[2]],
                self.parts.elsewhere,
            ),
            walk=self._walk,
            store=self.parts.store,
            results=Folder(self.results),
            policy=policy,
            report=self._heard,
            fresh=self.choice.fresh,
            width=policy.concurrency + AHEAD,
        )

    def _heard(self, event: Event) -> None:
        self.recorder(event)
        self.parts.report(event)
        if event.kind in {"finished", "refused"}:
            self.files.pop(event.path, None)

    def _found(self, rules: dict[str, Rule]) -> Iterator[Source | RefusedPath]:
        """Yield the own Source of each document, when it is its turn."""
        for document_id, rule in rules.items():
            document = self._document(document_id)
            path = f"{folder_of(rule.target)}/{document_id[:2]}/{document_id}"
            if code := self.unread.get(document_id):
                yield RefusedPath(path, InputProblem(code, document.path))
                continue
            try:
                found = self.sources.sources(document, path)
            except InputProblem as problem:
                yield RefusedPath(path, problem)
                continue
            self.files[path] = DocumentFiles(document, found, self.children.get(document_id, frozenset()))
            yield found[0]

    def _walk(self, source: Source) -> AbstractAsyncContextManager[Any]:
        return self._walked(self.files[source.path])

    @asynccontextmanager
    async def _walked(self, files: DocumentFiles) -> Any:
        options = read_options(self.choice.policy, self.parts.model.facts)
        async with self.parts.pool.apart(stores=True) as reads:
            reader = TranscribingReader(reads, self.parts.model)
            async with walked(files, reader, options, self.texts) as readings:
                yield readings

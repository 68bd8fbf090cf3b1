"""Ask about one Chunk once more, for its suspect fields, with what was found in it and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Calls, Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.grounding.grounder import Grounder
from thresher.service.prompts.answer_repair import listed, parse_answer
from thresher.service.prompts.optional_questions import try_ask
from thresher.service.prompts.part_description import about, shown
from thresher.service.prompts.questions import question_of
from thresher.service.provider_schemas.request_schema import RequestSchema, request_schema_of
from thresher.service.records.structure import structure_for
from thresher.service.review.evaluation.supported_by_record import Fields, with_record_evidence, without_unfound_records
from thresher.service.review.suspect_fields import Suspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Reextraction:
    """Ask about Chunks of one Unit again."""

    model: Model
    target: Target
    policy: Policy
    documents: Sequence[Document]
    answer_tokens: int

    def asked(self, suspect: Suspect) -> RequestSchema:
        """Return the shape of the suspect fields."""
        patterns = [
            f.path for f in self.target.fields if any(f.path == d or f.path.startswith(f"{d}/") for d in suspect.fields)
        ]
        return request_schema_of(self.target, fields=patterns, dialect=self.model.facts.dialect)

    def question(self, suspect: Suspect, before: Any, errors: Sequence[FieldError]) -> Question:
        """Return the question. The Chunk comes before what differs from round to round, so that a provider can cache it."""
        chunk = suspect.chunk
        failed = listed(errors)
        values = {
            **shown(self.documents[suspect.document], chunk),
            "about": about(self.target, self.policy),
            "before": json.dumps(before, ensure_ascii=False),
            "errors": f"{', '.join(suspect.fields)}\n{failed}",
        }
        schema = self.asked(suspect).schema
        return question_of(
            "mend", self.policy.prompt("mend"), values, schema, self.answer_tokens, self.policy.temperature
        )

    async def read(
        self, suspect: Suspect, question: Question, others: Collection[int]
    ) -> tuple[Extraction | None, Calls]:
        """Return what the Chunk says now, located in it; None without an answer, or for one that was cut or is no JSON.

        `others`: where lines of records begin that are not read again.
        """
        reply, calls = await try_ask(self.model, question)
        found = parse_answer(reply) if reply and reply.finish == "stop" else None
        return (None if found is None else self._located(suspect, found, others)), calls

    def _located(self, suspect: Suspect, found: dict[str, Any], others: Collection[int]) -> Extraction:
        asked = self.asked(suspect)
        data = asked.read(found)
        for error in asked.check(data):
            if error.path:
                json_pointer.put(data, error.path, None)
        document = self.documents[suspect.document]
        grounder = Grounder(
            document,
            suspect.chunk,
            self.target,
            fuzzy=self.policy.least_similarity,
            structure=structure_for(document, self.target),
            others=others,
        )
        grounded = grounder.ground(data)
        reading = Extraction(
            chunk=suspect.chunk.index,
            document=suspect.document,
            data=data,
            evidence=tuple(grounded.evidence),
            unsupported=tuple(grounded.unsupported),
        )
        return without_unfound_records(with_record_evidence(reading, document, self.target), Fields.of(self.target))

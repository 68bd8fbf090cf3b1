"""Plan how large a Chunk and an answer may be, so that instructions, target, Chunk and answer fit the model's window."""

from __future__ import annotations

import json
from dataclasses import dataclass

from thresher.chunkers.base import Counter
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.target import Target
from thresher.service.extraction.planning.field_groups import Group
from thresher.service.llm.page_images import image_tokens_reserved
from thresher.service.prompts import load_prompt
from thresher.service.prompts.part_description import about

LIST_CHUNK_TOKENS = 10_000  # tokens of a Chunk where lists are wanted, if Policy.most_records does not end it before
UNKNOWN_LIST_CHUNK_TOKENS = 5_000  # where records begin anywhere: models drop rows of answers with hundreds
CHUNK_TOKENS = 12_000  # where only single facts are wanted
LIST_ANSWER_TOKENS = 8_000
FIELD_ANSWER_TOKENS = 48
MIN_ANSWER_TOKENS = 1_024
FIELD_SCHEMA_TOKENS, MIN_FIELDS = 40, 8  # tokens of schema for a field with its words; fields in one question at least
SEARCH_CHUNK_TOKENS = 3_000  # where only the best Chunks of a long Document are asked first
FRAME_TOKENS = 240  # what a provider adds around messages, the Document's name, the part, marks and notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Budgets in tokens, and what every question costs beside its Chunk."""

    chunk: int
    answer: int
    overhead: int


def most_fields(facts: ModelFacts, policy: Policy) -> int:
    """Return how many fields one question may ask for, so that schema and answer leave room for text."""
    answer = policy.answer_tokens or facts.most_answer
    room = min(facts.window // 4 // FIELD_SCHEMA_TOKENS, answer // FIELD_ANSWER_TOKENS)
    return max(MIN_FIELDS, min(policy.most_fields, room))


def _instructions(policy: Policy) -> str:
    """Return the text of the prompt. Raises InputProblem(policy_invalid) for one that is not there."""
    try:
        return load_prompt(policy.prompt("extract")).text
    except KeyError as error:
        raise InputProblem("policy_invalid", f"prompts: {error.args[0]}") from None


def plan(facts: ModelFacts, target: Target, groups: tuple[Group, ...], policy: Policy, count: Counter) -> Plan:
    """Return the budgets for one target and model. Raises InputProblem(budget_too_small) when nothing is left for text."""
    schemas = [asked.schema for g in groups for asked in (g.asked, *g.beside)]
    overhead = count(_instructions(policy)) + count(about(target, policy)) + FRAME_TOKENS
    overhead += max(count(json.dumps(schema, ensure_ascii=False)) for schema in schemas)
    lists = bool(target.lists)
    wanted = (
        LIST_ANSWER_TOKENS
        if lists
        else max(MIN_ANSWER_TOKENS, FIELD_ANSWER_TOKENS * min(len(target.fields), policy.most_fields))
    )
    answer = min(policy.answer_tokens or wanted, facts.most_answer, max(facts.window // 3, 1))
    room = facts.window - overhead - answer - image_tokens_reserved(policy, facts)
    chunk = min(policy.chunk_tokens or (LIST_CHUNK_TOKENS if lists else CHUNK_TOKENS), room)
    if chunk < 1:
        detail = f"{facts.window} tokens hold {overhead} of prompt and target and {answer} of answer"
        raise InputProblem("budget_too_small", detail)
    return Plan(chunk=chunk, answer=answer, overhead=overhead)

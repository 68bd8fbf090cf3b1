"""Load the concepts of `concepts.toml` and match labels and fields to them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.fuzz import partial_ratio

from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import (
    LABEL_MAX_LETTERS,
    MISSPELT_MIN_LETTERS,
    MISSPELT_MIN_SIMILARITY,
    SUBSTRING_MIN_LETTERS,
    likeness,
    plain,
    words_of,
)

ITEM_ONLY_CONCEPTS = frozenset(("item_description", "tax_base", "running_balance"))  # only for items of a list
DESCRIPTION_NAME_MIN_LETTERS = 9  # letters; a shorter name in a description says little about the field
GENERAL_WORDS = frozenset(
    ("amount", "code", "date", "id", "name", "number", "of", "the", "value")
)  # name a form, not a thing
CONTAINERS = frozenset(("data", "details", "document", "general", "header", "info", "main", "meta", "summary"))
_ZEROS = str.maketrans("123456789", "000000000")
MIN_LIKENESS = 0.62  # least likeness (about 0..1) of a field's words to a concept's name


_STATES = re.compile(r"\b(?:shall|may|must|should|cannot|will not)\b")
_STATES_DUTY = re.compile(
    r"^(?:(?!\b(?:which|that|who|whom|whose|where|when|how|what|whether)\b).)*?\b(?:shall|may|must|should|cannot|will not)\b"
)
_ASKS = re.compile(r"(?:is|are|does|do|did|can|has|have|will) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A thing that documents state, with the names that targets and documents use."""

    key: str
    shape: str  # shape of its values: date, money, name …
    names: tuple[str, ...]  # plain; its names in targets
    labels: tuple[str, ...]  # plain; words printed next to it, including its names
    place: str = ""  # its position without a label: top, bottom, preamble; "": nowhere
    role: str = ""  # start or end of a range
    also: str = ""  # key of a concept whose labels serve where its own are missing


@cache
def concepts() -> dict[str, Concept]:
    """Return all concepts by key, in the order of the file."""
    raw = tomllib.loads(files("thresher.service.rules.fields").joinpath("concepts.toml").read_text(encoding="utf-8"))
    return {key: _concept(key, entry) for key, entry in raw.items()}


def _concept(key: str, entry: dict[str, object]) -> Concept:
    names = tuple(plain(str(n)) for n in _strings(entry["names"]))
    printed = () if entry.get("silent") else names
    labels = tuple(dict.fromkeys((*printed, *(plain(str(n)) for n in _strings(entry["labels"])))))
    more = {k: str(entry.get(k, "")) for k in ("place", "role", "also")}
    return Concept(key=key, shape=str(entry["shape"]), names=names, labels=labels, **more)


def _strings(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


@lru_cache(maxsize=100_000)
def concepts_of_label(label: str, shapes: tuple[str, ...]) -> dict[str, float]:
    """Return the likeness (0..1) of a printed label (plain) to each concept of these shapes that it may name."""
    found = _likeness_to_concepts(without_figures(label))
    return {key: score for key, score in found.items() if concepts()[key].shape in shapes}


@lru_cache(maxsize=100_000)
def without_figures(label: str) -> str:
    """Return a label (plain) with 0 for each digit, unless a concept's own figures may be in it ("vat 20").

    No other phrase has figures, so all rows of a numbered list are compared with the concepts once.

    >>> without_figures("berth fee 17"), without_figures("vat 20")
    ('berth fee 00', 'vat 20')
    """
    bare = label.translate(_ZEROS)
    return label if bare == label or any(likeness(bare, p) for p in _phrases_with_figures()) else bare


@cache
def _phrases_with_figures() -> tuple[str, ...]:
    return tuple(dict.fromkeys(bare for p in _phrases()[0] if (bare := p.translate(_ZEROS)) != p))


@lru_cache(maxsize=100_000)
def _likeness_to_concepts(label: str) -> dict[str, float]:
    """Return the likeness of a label to every concept that it may name; compares only phrases that it may contain."""
    packed, found = label.replace(" ", ""), dict[str, float]()
    whole, begun, long = _phrases()
    words, most = label.split(), _most_words()
    ends = ((i, j) for i in range(len(words)) for j in range(i + 1, min(i + most, len(words)) + 1))
    some = {phrase for i, j in ends if (phrase := " ".join(words[i:j])) in whole}
    some |= {
        p
        for i in range(len(packed) - SUBSTRING_MIN_LETTERS + 1)
        for p in begun.get(packed[i : i + SUBSTRING_MIN_LETTERS], ())
    }
    if MISSPELT_MIN_LETTERS - 1 <= len(packed) <= LABEL_MAX_LETTERS:
        some |= {
            long[i]
            for _, _, i in process.extract(
                packed,
                _phrases_without_spaces(),
                scorer=partial_ratio,
                score_cutoff=MISSPELT_MIN_SIMILARITY,
                limit=None,
            )
        }
    for phrase in sorted(some):
        score = likeness(label, phrase)
        for key in whole[phrase] if score else ():
            found[key] = max(found.get(key, 0.0), score)
    return found


@cache
def _phrases() -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    """Return the concepts by phrase, the phrases by their first letters, and those long enough to be misspelt."""
    whole: dict[str, list[str]] = {}
    for concept in concepts().values():
        for label in concept.labels:
            whole.setdefault(label, []).append(concept.key)
    begun: dict[str, list[str]] = {}
    for phrase in whole:
        begun.setdefault(phrase.replace(" ", "")[:SUBSTRING_MIN_LETTERS], []).append(phrase)
    return whole, begun, [p for p in whole if len(p.replace(" ", "")) >= MISSPELT_MIN_LETTERS]


@cache
def _most_words() -> int:
    return max(len(p.split()) for p in _phrases()[0])


@cache
def _phrases_without_spaces() -> list[str]:
    return [p.replace(" ", "") for p in _phrases()[2]]


def concept_for(field: Field, shapes: tuple[str, ...], keys: tuple[str, ...] = ()) -> Concept | None:
    """Return the nearest concept of a field with one of the shapes and keys (all if empty); None where none is near."""
    own = () if parent_name(field) else (words_of(field.name),)
    field_names = (*own, plain(field.title), *(plain(a) for a in field.aliases), *_with_parent(field))
    return _meaning(tuple(dict.fromkeys(s for s in field_names if s)), plain(field.description), shapes, keys)


def parent_name(field: Field) -> str:
    """Return "loan commitment" for "/loan_commitment/amount", since "amount" alone names nothing; else ""."""
    return _parent_name(field.path)


@lru_cache(maxsize=4096)
def _parent_name(path: str) -> str:
    parts = [words_of(p) for p in path.split("/") if p and p != "*"]
    if len(parts) < 2 or parts[-1] not in ("amount", "value") or "*" in path or parts[-2] in CONTAINERS:
        return ""
    return parts[-2]


def _with_parent(field: Field) -> tuple[str, ...]:
    """Return the name of the parent object and the field's name: "seller name"."""
    parts = [p for p in field.path.split("/") if p and p != "*"]
    return (f"{words_of(parts[-2])} {words_of(parts[-1])}",) if len(parts) > 1 and "*" not in field.path else ()


@lru_cache(maxsize=4096)
def _meaning(
    field_names: tuple[str, ...], description: str, shapes: tuple[str, ...], keys: tuple[str, ...]
) -> Concept | None:
    some = [
        c
        for c in concepts().values()
        if (c.shape in shapes or not shapes) and (c.key in keys if keys else c.key not in ITEM_ONLY_CONCEPTS)
    ]
    scored = [(_field_likeness(field_names, description, c), -i, c) for i, c in enumerate(some)]
    best = max(scored, key=lambda t: t[:2], default=None)
    return best[2] if best and best[0] >= MIN_LIKENESS else None


def _field_likeness(field_names: tuple[str, ...], description: str, concept: Concept) -> float:
    name = max((_name_likeness(s, n) for s in field_names for n in concept.names), default=0.0)
    mention = (
        0.0 if is_statement(description) else max((_mention_points(description, n) for n in concept.names), default=0.0)
    )
    return name + 0.35 * mention if name else 0.8 * mention


def is_statement(description: str) -> bool:
    """Whether a description (plain) states or asks a whole sentence, with a verb, instead of naming a thing.

    >>> is_statement("receiving party shall return all copies"), is_statement("name of the receiving party")
    (True, False)
    """
    return bool(_STATES.search(description) or _ASKS.match(description))


def states_duty(description: str) -> bool:
    """Whether a description states what somebody shall, may or must do, rather than requests it.

    >>> states_duty("Receiving Party shall return all copies."), states_duty("Purposes for which the money may be used")
    (True, False)
    """
    return bool(_STATES_DUTY.search(plain(description))) and "?" not in description


def _name_likeness(field_names: str, name: str) -> float:
    """Return the likeness of two names, in either order.

    >>> _name_likeness("total", "total"), _name_likeness("seller name", "seller") > 0.5, _name_likeness("maturity date", "effective date")
    (1.0, True, 0.0)
    """
    if field_names == name == "number":
        return 0.75
    if field_names == name:
        return 1.0 + 0.02 * (len(name.split()) - 1)
    a, b = set(field_names.split()), set(name.split())
    common = len(a & b)
    if a & b <= GENERAL_WORDS and not a <= b:
        return 0.0
    return 0.9 * 2 * common / (len(a) + len(b)) if common else 0.0


def _mention_points(description: str, name: str) -> float:
    """Return how surely a description (plain) mentions a name: more for longer and for early names."""
    at = f" {description} ".find(f" {name} ")
    if at < 0 or (" " not in name and len(name) < DESCRIPTION_NAME_MIN_LETTERS):
        return 0.0
    if description[at + len(name) :].startswith(" and "):
        return 0.0  # names only a part of the value
    return min(0.7 + 0.08 * len(name.split()), 1.0) - min(at, 60) * 0.004

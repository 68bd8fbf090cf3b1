"""What documents and targets call things: the concepts of `concepts.toml`, and which of them a field means."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.fuzz import partial_ratio

from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import ALIKE, FUZZY, MOST, SHORT, likeness, plain, words_of

ROWS_ONLY = frozenset(("item_description", "tax_base", "running_balance"))  # of items of a list, never of the whole
TELLING = 9  # letters; a shorter word of a description says little about the field
GENERAL = frozenset(("amount", "code", "date", "id", "name", "number", "of", "the", "value"))  # say a form and no thing
CONTAINERS = frozenset(("data", "details", "document", "general", "header", "info", "main", "meta", "summary"))
SURE = 0.62  # least likeness of a field's words to a concept's name


_STATES = re.compile(r"\b(?:shall|may|must|should|cannot|will not)\b")
_SAYS = re.compile(
    r"^(?:(?!\b(?:which|that|who|whom|whose|where|when|how|what|whether)\b).)*?\b(?:shall|may|must|should|cannot|will not)\b"
)
_ASKS = re.compile(r"(?:is|are|does|do|did|can|has|have|will) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing that documents tell, whatever they call it."""

    key: str
    shape: str  # form of its values: date, money, name …
    names: tuple[str, ...]  # plain; how targets call it
    labels: tuple[str, ...]  # plain; what is printed beside it, names among them
    place: str = ""  # where it stands without a label: top, bottom, preamble; "": nowhere
    role: str = ""  # start or end of a range
    also: str = ""  # key of a concept whose labels serve where its own are missing


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by key, in the order of the file."""
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
def spoken(label: str, shapes: tuple[str, ...]) -> dict[str, float]:
    """Likeness (0..1) of a printed label (plain) to each concept of these shapes that it may name."""
    return {key: score for key, score in _spoken(label).items() if concepts()[key].shape in shapes}


@lru_cache(maxsize=100_000)
def _spoken(label: str) -> dict[str, float]:
    """Likeness of a label to every concept that it may name; only phrases that can be in it are compared."""
    packed, found = label.replace(" ", ""), dict[str, float]()
    whole, begun, long = _phrases()
    words = label.split()
    some = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)} & whole.keys()
    some |= {p for i in range(len(packed) - SHORT + 1) for p in begun.get(packed[i : i + SHORT], ())}
    if FUZZY - 1 <= len(packed) <= MOST:
        some |= {
            long[i]
            for _, _, i in process.extract(packed, _solid(), scorer=partial_ratio, score_cutoff=ALIKE, limit=None)
        }
    for phrase in sorted(some):
        score = likeness(label, phrase)
        for key in whole[phrase] if score else ():
            found[key] = max(found.get(key, 0.0), score)
    return found


@cache
def _phrases() -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    """Concepts by phrase, phrases by their first letters, and the phrases long enough to be misspelt."""
    whole: dict[str, list[str]] = {}
    for concept in concepts().values():
        for label in concept.labels:
            whole.setdefault(label, []).append(concept.key)
    begun: dict[str, list[str]] = {}
    for phrase in whole:
        begun.setdefault(phrase.replace(" ", "")[:SHORT], []).append(phrase)
    return whole, begun, [p for p in whole if len(p.replace(" ", "")) >= FUZZY]


@cache
def _solid() -> list[str]:
    return [p.replace(" ", "") for p in _phrases()[2]]


def meaning(field: Field, shapes: tuple[str, ...], keys: tuple[str, ...] = ()) -> Concept | None:
    """The concept a field means, of those with one of the shapes (and of these keys, if any); None where none is near."""
    own = () if of_parent(field) else (words_of(field.name),)
    said = (*own, plain(field.title), *(plain(a) for a in field.aliases), *_with_parent(field))
    return _meaning(tuple(dict.fromkeys(s for s in said if s)), plain(field.description), shapes, keys)


def of_parent(field: Field) -> str:
    """What an amount is of, where its name does not say it: "loan commitment" of "/loan_commitment/amount"; else ""."""
    parts = [words_of(p) for p in field.path.split("/") if p and p != "*"]
    if len(parts) < 2 or parts[-1] not in ("amount", "value") or "*" in field.path or parts[-2] in CONTAINERS:
        return ""
    return parts[-2]


def _with_parent(field: Field) -> tuple[str, ...]:
    """The field's name after the name of the object that holds it: "seller name"."""
    parts = [p for p in field.path.split("/") if p and p != "*"]
    return (f"{words_of(parts[-2])} {words_of(parts[-1])}",) if len(parts) > 1 and "*" not in field.path else ()


@lru_cache(maxsize=4096)
def _meaning(said: tuple[str, ...], told: str, shapes: tuple[str, ...], keys: tuple[str, ...]) -> Concept | None:
    some = [
        c
        for c in concepts().values()
        if (c.shape in shapes or not shapes) and (c.key in keys if keys else c.key not in ROWS_ONLY)
    ]
    scored = [(_nearness(said, told, c), -i, c) for i, c in enumerate(some)]
    best = max(scored, key=lambda t: t[:2], default=None)
    return best[2] if best and best[0] >= SURE else None


def _nearness(said: tuple[str, ...], description: str, concept: Concept) -> float:
    name = max((_mutual(s, n) for s in said for n in concept.names), default=0.0)
    told = 0.0 if is_statement(description) else max((_told(description, n) for n in concept.names), default=0.0)
    return name + 0.35 * told if name else 0.8 * told


def is_statement(description: str) -> bool:
    """Whether a description (plain) asks or states something whole, and names no thing: it has a verb of its own.

    >>> is_statement("receiving party shall return all copies"), is_statement("name of the receiving party")
    (True, False)
    """
    return bool(_STATES.search(description) or _ASKS.match(description))


def states(description: str) -> bool:
    """Whether a description states what somebody shall, may or must do, rather than asks for it.

    >>> states("Receiving Party shall return all copies."), states("Purposes for which the money may be used")
    (True, False)
    """
    return bool(_SAYS.search(plain(description))) and "?" not in description


def _mutual(said: str, name: str) -> float:
    """Likeness of two names, whichever is the longer.

    >>> _mutual("total", "total"), _mutual("seller name", "seller") > 0.5, _mutual("maturity date", "effective date")
    (1.0, True, 0.0)
    """
    if said == name == "number":
        return 0.75
    if said == name:
        return 1.0 + 0.02 * (len(name.split()) - 1)
    a, b = set(said.split()), set(name.split())
    common = len(a & b)
    if a & b <= GENERAL and not a <= b:
        return 0.0
    return 0.9 * 2 * common / (len(a) + len(b)) if common else 0.0


def _told(description: str, name: str) -> float:
    """How surely a description (plain) speaks of a name: more for longer names, and for early ones."""
    at = f" {description} ".find(f" {name} ")
    if at < 0 or (" " not in name and len(name) < TELLING):
        return 0.0
    if description[at + len(name) :].startswith(" and "):
        return 0.0  # one part of what is wanted
    return min(0.7 + 0.08 * len(name.split()), 1.0) - min(at, 60) * 0.004

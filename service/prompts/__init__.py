"""Prompts: named, versioned, fingerprinted text files. No prompt text is in Python code."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

_FILE = re.compile(r"(?P<name>[a-z][a-z_]*)\.v(?P<version>[0-9]+)\.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One version of one prompt. Its file never changes once it has answers; a change is a new version."""

    name: str  # with its version: "extract.v1"
    version: int
    text: str  # with placeholders: $target, ${chunk}; a dollar sign is written $$
    fingerprint: str  # of the text

    def render(self, **values: str) -> str:
        """Fill the placeholders of the text. Raises KeyError for one that is missing.

        >>> Prompt(name="ask.v1", version=1, text="Find $what for $$5.", fingerprint="").render(what="$x")
        'Find $x for $5.'
        """
        return Template(self.text).substitute(values)

    def turns(self, **values: str) -> tuple[str, str]:
        """Return the system's turn (before the line `---`, the same for every part) and the user's turn (after it)."""
        system, _, user = self.text.partition("\n---\n")
        return Template(system).substitute(values).strip(), Template(user).substitute(values)


def load_prompt(name: str) -> Prompt:
    """Load a prompt by name and version ("extract.v1"), or the newest of a name ("extract"). Raises KeyError."""
    known = prompts()
    if name in known:
        return known[name]
    versions = [p for p in known.values() if p.name.rpartition(".v")[0] == name]
    if not versions:
        raise KeyError(f"no prompt {name}; there are {', '.join(known)}")
    return max(versions, key=lambda p: p.version)


@cache
def prompts() -> dict[str, Prompt]:
    """Return all prompts by name and version, sorted."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda f: f.name)
    found = [(match, f.read_text("utf-8")) for f in files if (match := _FILE.fullmatch(f.name))]
    return {p.name: p for p in (_prompt(match, text) for match, text in found)}


def _prompt(match: re.Match[str], text: str) -> Prompt:
    """Build a Prompt from its file's name and text; white space at either end is stripped."""
    body = text.strip()
    fingerprint = hashlib.sha256(body.encode()).hexdigest()[:16]
    version = int(match["version"])
    return Prompt(name=f"{match['name']}.v{version}", version=version, text=body, fingerprint=fingerprint)

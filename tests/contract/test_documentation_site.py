"""The documentation: pages written from the code are up to date, every page is in the contents, no link is dead, the site builds."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command

import thresher
from thresher.schemas.policy import Policy
from thresher.service.cli.main import app

DOCS = Path(thresher.__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def slug(title: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {slug(found[1].strip()) for found in re.finditer(r"^#{1,4} (.+)$", text, re.MULTILINE)}


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures that lead to no other host."""
    found = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", page.read_text("utf-8")))
    return [unquote(link) for link in found if not re.match(r"[a-z]+:", link)]


def test_pages_written_from_the_code_are_up_to_date() -> None:
    """After a change of the Policy or of a code: `python docs/reference_pages.py`."""
    written = runpy.run_path(str(DOCS / "reference_pages.py"))["PAGES"]
    for file, page in written.items():
        assert (DOCS / "reference" / file).read_text("utf-8") == page(), file


def test_every_test_that_a_page_names_is_there() -> None:
    """The table of kinds of inputs names the tests that read them."""
    page = (DOCS / "measurements/reading.md").read_text("utf-8")
    there = "".join(path.read_text("utf-8") for path in (DOCS.parent / "tests").glob("*/test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 40
    assert [name for name in named if f"def {name}(" not in there] == []


def test_no_link_is_dead() -> None:
    """Neither to a file, nor to a heading of a page; this needs no Sphinx."""
    dead = []
    for page in PAGES:
        for link in links(page):
            path, _, anchor = link.partition("#")
            there = page if not path else (page.parent / path).resolve()
            if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
                dead.append((page.name, link))
    assert dead == []


def test_every_page_is_in_the_contents() -> None:
    """A page that nobody finds is not there."""
    listed = set()
    for page in PAGES:
        for body in re.findall(r"^```\{toctree\}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in (one for one in body.splitlines() if one and not one.startswith(":")):
                listed |= {found.resolve() for found in page.parent.glob(f"{line}.md")}
    assert {page for page in PAGES if page not in listed} == {DOCS / "index.md"}


def commands(page: Path) -> list[str]:
    """Return what stands behind the word `thresher` in a page's code."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    code = [
        line
        for body in re.findall(r"^```[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in body.splitlines()
    ]
    code += re.findall(r"`(thresher [^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return [
        found[1]
        for line in code
        if (found := re.search(r"(?:^|\s|/|\()thresher ([a-z-][^|#>;&`]*)", line)) and "kubectl" not in line
    ]


program = cache(lambda: get_command(app))


def unknown(words: list[str]) -> list[str]:
    """Return the words of a command that are neither commands nor options of the program."""
    at, bad, known = program(), [], {"--help"}
    for word in ["", *words]:
        below = getattr(at, "commands", {})
        at = below.get(word, at)
        known |= {option for parameter in at.params for option in (*parameter.opts, *parameter.secondary_opts)}
        option = word.split("=")[0].rstrip(",.):")
        if (word.startswith("--") and option not in known) or (
            below and re.fullmatch("[a-z]+", word) and word not in below
        ):
            bad.append(word)
    return bad


def test_every_command_and_option_exists() -> None:
    """What pages say in code is what the program takes."""
    wrong = [(page.name, said) for page in PAGES for said in commands(page) if unknown(said.split())]
    assert wrong == []


def test_every_policy_is_one() -> None:
    """Examples of Policies are taken as they stand."""
    found = [
        body
        for page in PAGES
        for body in re.findall(r"^```toml policy\.toml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    ]
    assert len([Policy.model_validate(tomllib.loads(body)) for body in found]) >= 2


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--quiet",
        "--fail-on-warning",
        "--keep-going",
        "--nitpicky",
        "-c",
        str(DOCS),
    ]
    return subprocess.run([*command, str(source), str(out)], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_site_builds_offline_and_a_dead_link_fails(tmp_path: Path) -> None:
    """Warnings are errors; no page loads a script, style, font or picture from another host."""
    if not all(map(find_spec, ("sphinx", "myst_parser", "furo"))):
        pytest.skip("THE SITE WAS NOT BUILT: pip install -r docs/requirements.txt, or make docs")
    done = build(DOCS, tmp_path / "site")
    assert (done.returncode, done.stderr) == (0, "")
    away = r"""<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=["'](?:https?:)?//[^"']*"""
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(away, page.read_text("utf-8"))
        assert loaded == [], page
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/index.md").write_text("# A page\n\n[one](gone.md) [two](#gone)\n")
    bad = build(tmp_path / "bad", tmp_path / "bad_site")
    assert (bad.returncode != 0, bad.stderr.count("gone") >= 2) == (True, True), bad.stderr

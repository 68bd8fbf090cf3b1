"""Put a page together from its assets, with the Content-Security-Policy that allows exactly its own script and style.

Script and style stand in the page itself, so that one request shows it, and only their hashes are allowed: text that a
document brings could not run even if it became markup.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # styles and scripts of each page, in order
    "review": (
        ("theme.css", "review.css"),
        ("page.js", "queue.js", "pictures.js", "passages.js", "fields.js", "corrections.js", "keys.js", "review.js"),
    ),
    "upload": (("theme.css", "upload.css"), ("page.js", "targets.js", "upload.js")),
    "login": (("theme.css", "upload.css"), ("page.js", "login.js")),
    "docs": (("theme.css", "docs.css"), ("page.js", "docs.js")),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it is sent."""

    html: bytes
    policy: str  # Content-Security-Policy
    code_bytes: int  # script and style in it


@lru_cache
def page(name: str) -> Page:
    """Return a page by its name in PARTS."""
    styles, scripts = PARTS[name]
    style, script = _joined(styles), _joined(scripts)
    html = (ASSETS / f"{name}.html").read_text("utf-8")
    html = html.replace("<!-- style -->", f"<style>{style}</style>").replace(
        "<!-- script -->", f"<script>{script}</script>"
    )
    return Page(html.encode(), _policy(style, script), len(style.encode()) + len(script.encode()))


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((ASSETS / name).read_text("utf-8") for name in names)


def _policy(style: str, script: str) -> str:
    allowed = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""A small server of the pages over invented Results, kind and hostile: what the pages are tested and looked at with.

`python -m tests.review_fixture PORT` serves it for a person. It answers like `service/server/api/reviews/reviews.py`, from memory.
"""

from __future__ import annotations

import hashlib
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from PIL import Image, ImageDraw, ImageFont

from thresher.schemas.errors import InputProblem
from thresher.service.server.api import problems
from thresher.service.server.pages import page_routes

WIDTH, HEIGHT = 595.0, 842.0  # points of a page
LONG_ROWS, LONG_PAGES = 1200, 100
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
BIDI = "invoice\u202egpj.exe\u2066 {{constructor.constructor('window.hacked=1')()}} javascript:window.hacked=1"
MAIL = (
    "From: Priya Nair <priya@ternboats.example>\nSubject: Order 4711\n\n"
    + "Dear all,\n\nplease find our order below. " * 12
    + "\n\nWe order 24 oars at 86.50 each, to be delivered by 3 March.\n\nKind regards\nPriya \U0001f6a3\n"
)


@dataclass
class Line:
    """A piece of text printed on a page: its words and its box in points."""

    text: str
    x: float
    y: float

    @property
    def box(self) -> list[float]:
        """Where it stands: 10 points high, as wide as the fixed letters are."""
        return [self.x, self.y, self.x + 6.0 * len(self.text), self.y + 12.0]


@dataclass
class Made:
    """One invented Result with the pages that show it."""

    name: str
    status: str = "partial"
    fields: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    lists: list[dict[str, Any]] = field(default_factory=list)
    printed: dict[int, list[Line]] = field(default_factory=dict)
    review: dict[str, Any] | None = None
    claim: dict[str, Any] | None = None
    text: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    first: dict[str, dict[str, Any]] = field(default_factory=dict)  # fields as the machine gave them

    @property
    def head(self) -> str:
        """The hash of the last event."""
        return hashlib.sha256(str(len(self.events)).encode()).hexdigest() if self.events else ""

    def print(self, page: int, text: str, x: float, y: float) -> dict[str, Any]:
        """Print text on a page; return it as Evidence."""
        line = Line(text, x, y)
        self.printed.setdefault(page, []).append(line)
        return evidence(text, page, line.box)

    def add(self, path: str, name: str, value: Any, places: list[dict[str, Any]], **more: Any) -> None:
        """Add a field."""
        code = more.pop("doubt", None)
        message = more.pop("message", REASON_WORDS.get(code, ""))
        shown = None if value is None else str(more.pop("shown", value))
        kind = "missing" if value is None else "number" if isinstance(value, int | float) else "text"
        made = {"path": path, "name": name, "kind": kind, "choices": None, "value": value, "shown": shown}
        made |= {"method": "read" if places else "none", "evidence": places, "candidates": [], "correction": None}
        made["doubts"] = [{"code": code, "message": message}] if code else []
        self.fields.append(made | more)
        self.first[path] = dict(self.fields[-1])
        if code:
            self.reasons.append({"code": code, "path": path, "message": message, "remedy": "look at the page"})


REASON_WORDS = {
    "conflict": "the text gives 2 values; '1204.50' is given by the rule most_supported",
    "absent": "the document states no due date, which is required",
    "unsure": "the name stands beside the logo only",
    "arithmetic": "12 amounts add up to 1,198.00, the total says 1,204.50",
}


def evidence(quote: str, page: int | None, box: list[float] | None, **more: Any) -> dict[str, Any]:
    """Evidence as the API gives it."""
    made = {"source": "", "page": page, "boxes": [box] if box else [], "quote": quote, "start": None, "end": None}
    return made | {"match": "exact", "struck": False} | more


def page_of(number: int, n: int, *, picture: bool = True, source: str = "") -> dict[str, Any]:
    """A page as the API gives it."""
    address = f"/v1/reviews/demo/{number}/picture?source={source}&page={n}" if picture else None
    return {"source": source, "page": n, "width": WIDTH, "height": HEIGHT, "picture": address}


def invoice(number: int, name: str) -> Made:
    """An invoice of three pages with a conflict, a missing date and an unsure name."""
    made = Made(name)
    made.pages = [page_of(number, n) for n in (1, 2, 3)]
    made.print(1, "INVOICE", 72, 60)
    made.add("/number", "Invoice number", "RE-2026-0417", [made.print(1, "RE-2026-0417", 400, 60)])
    made.add("/vendor", "Vendor", "Tern Boatyard Ltd", [made.print(1, "Tern Boatyard Ltd", 72, 100)], doubt="unsure")
    made.add("/date", "Invoice date", "2026-03-14", [made.print(1, "14 March 2026", 400, 100)], shown="14 March 2026")
    made.add("/due", "Due date", None, [], doubt="absent")
    made.add("/paid", "Paid", value=False, places=[], kind="boolean", method="judged")
    made.add("/currency", "Currency", "GBP", [], kind="choice", choices=["EUR", "GBP", "USD"])
    first, second = made.print(1, "1,204.50", 440, 640), made.print(3, "1,240.50", 300, 200)
    both = [
        {"value": 1204.5, "shown": "1,204.50", "why": "in the table of sums; adds up", "evidence": [first]},
        {"value": 1240.5, "shown": "1,240.50", "why": "in the text on the last page", "evidence": [second]},
    ]
    made.print(1, "Total", 330, 640)
    made.print(3, "Please pay the sum of", 150, 200)
    made.add("/total", "Total", 1204.5, [first], shown="1,204.50", doubt="conflict", candidates=both)
    add_lines(made, 12)
    unread = "page 2: a picture on the page may hold text that was not read"
    made.reasons.append({"code": "unread", "path": "", "message": unread, "remedy": "look at it, or turn OCR on"})
    return made


def add_lines(made: Made, rows: int) -> None:
    """Add a list of items, 40 a page."""
    made.lists = [{"path": "/lines", "name": "Lines", "columns": ["item", "quantity", "amount"], "rows": rows}]
    for row in range(rows):
        page, y = 1 + row // 40, 180.0 + 15 * (row % 40)
        item, amount = f"Oar, ash, no. {row + 1}", 50 + row * 1.5
        made.add(f"/lines/{row}/item", "Item", item, [made.print(page, item, 72, y)])
        made.add(f"/lines/{row}/quantity", "Quantity", row % 5 + 1, [made.print(page, str(row % 5 + 1), 330, y)])
        doubt = "arithmetic" if row in {3, 700} else None
        place = made.print(page, f"{amount:,.2f}", 440, y)
        made.add(f"/lines/{row}/amount", "Amount", amount, [place], shown=f"{amount:,.2f}", doubt=doubt)


def long_list(number: int) -> Made:
    """A hundred pages with a list, whose first doubtful value is far behind."""
    made = Made("price-list-2026.pdf")
    made.pages = [page_of(number, n) for n in range(1, LONG_PAGES + 1)]
    made.add("/title", "Title", "Price list 2026", [made.print(1, "Price list 2026", 72, 60)])
    add_lines(made, LONG_ROWS)
    place = made.print(60, "3 April 2027", 300, 500)
    made.add("/valid_until", "Valid until", "2027-04-03", [place], doubt="unsure", message="stands on page 60 only")
    return made


def hostile(number: int) -> Made:
    """Every text that a document or a target brings is markup, script or made to mislead the eye."""
    made = Made(f"{HOSTILE}{BIDI}.pdf", status="partial")
    made.pages = [page_of(number, 1)]
    place = evidence(HOSTILE + BIDI, 1, [72.0, 100.0, 300.0, 112.0])
    both = [{"value": HOSTILE, "shown": HOSTILE, "why": HOSTILE, "evidence": [place]}] * 2
    made.add("/a", HOSTILE, HOSTILE, [place], doubt="conflict", message=HOSTILE, candidates=both)
    made.add("/b", BIDI, BIDI, [evidence(BIDI, 1, [72.0, 200.0, 300.0, 212.0])], doubt="unsure", message=BIDI)
    made.add('/"><script>window.hacked=1</script>', "c", HOSTILE, [evidence(HOSTILE, None, None, start=0, end=30)])
    made.lists = [{"path": "/l", "name": HOSTILE, "columns": [HOSTILE], "rows": 1}]
    made.add(f"/l/0/{HOSTILE.replace('/', '~1')}", HOSTILE, BIDI, [place])
    made.reasons.append({"code": HOSTILE, "path": "", "message": HOSTILE, "remedy": BIDI})
    made.text = HOSTILE + BIDI
    return made


def mail(number: int) -> Made:
    """A mail, shown as text, with an attached page."""
    made = Made("Order 4711.eml", text=MAIL)
    made.pages = [page_of(number, 1, picture=False), page_of(number, 1, source="sketch.pdf")]
    for path, name, quote in [("/quantity", "Quantity", "24 oars"), ("/price", "Unit price", "86.50")]:
        at = MAIL.index(quote)
        place = evidence(quote, None, None, start=at, end=at + len(quote))
        made.add(path, name, quote, [place], **({"doubt": "unsure"} if path == "/price" else {}))
    at = MAIL.index("3 March")
    made.add("/delivery", "Delivery", "3 March", [evidence("3 March", None, None, start=at, end=at + 7)])
    place = made.print(1, "Blade 64 cm", 100, 300) | {"source": "sketch.pdf"}
    made.add("/blade", "Blade length", "64 cm", [place])
    return made


def collection() -> list[Made]:
    """All invented Results."""
    clean = invoice(5, "clean.pdf")
    clean.status, clean.reasons = "complete", []
    for one in clean.fields:
        one.update(doubts=[], candidates=[])
    made = [invoice(0, "invoice-0417.pdf"), hostile(1), mail(2), long_list(3), invoice(4, "page-missing.pdf"), clean]
    for n in range(6, 18):
        more = invoice(n, f"2026/march/invoice-{400 + n:04}.pdf")
        more.review = {"state": "accepted", "by": "Maria", "at": 1773500000.0} if n % 4 == 0 else None
        more.claim = {"by": "Maria", "until": time.time() + 100} if n == 7 else None
        made.append(more)
    return made


def picture(made: Made, page: int, scale: float) -> bytes:
    """Draw a page; each printed text fills exactly its box, so that a frame can be measured on it."""
    image = Image.new("L", (round(WIDTH * scale), round(HEIGHT * scale)), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(10 * scale)
    for line in made.printed.get(page, []):
        x0, y0, x1, y1 = (round(v * scale) for v in line.box)
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=235)
        draw.text((x0 + scale, y0), line.text, fill=0, font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def fixture(documents: list[Made], who: str = "you") -> FastAPI:  # noqa: C901 - a route each
    """The application of the pages and of the agreement, over documents in memory."""
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(page_routes.routes)
    problems.install(app)

    def route(method: str, path: str) -> Callable[[Any], Any]:
        return app.api_route(path, methods=[method], response_model=None)

    @route("GET", "/v1/session")
    async def session() -> dict[str, Any]:
        return {"tenant": "local", "name": who, "csrf": "", "expires": None}

    @route("GET", "/v1/reviews/demo")
    async def listing(reason: str = "", state: str = "") -> dict[str, Any]:
        return listed(documents, reason, state)

    @route("GET", "/v1/reviews/demo/{n}")
    async def one(n: int, fields_from: int = 0, limit: int = 500) -> dict[str, Any]:
        return shown(documents[n], n, fields_from, limit)

    @route("GET", "/v1/reviews/demo/{n}/picture")
    async def drawn(n: int, page: int = 1, scale: float = 1.5) -> Response:
        if "missing" in documents[n].name and page == 1:
            raise InputProblem("corrupt", "page 1: the picture's data ends early")
        return Response(picture(documents[n], page, scale), media_type="image/png")

    @route("GET", "/v1/reviews/demo/{n}/text")
    async def passage(n: int, start: int, end: int, around: int = 400) -> dict[str, Any]:
        text, low, high = documents[n].text, max(0, start - around), end + around
        return {"start": start, "end": end, "text": text[low:high], "from": low, "to": min(len(text), high)}

    @route("POST", "/v1/reviews/demo/{n}/corrections")
    async def correct(n: int, request: Request) -> Any:
        return corrected(documents[n], await request.json(), who)

    @route("POST", "/v1/reviews/demo/{n}/decision")
    async def decide(n: int, request: Request) -> dict[str, Any]:
        made = {"state": (await request.json())["state"], "by": who, "at": time.time()}
        documents[n].review = made
        return made

    @route("POST", "/v1/reviews/demo/{n}/claim")
    async def claim(n: int) -> Any:
        held = documents[n].claim
        if held and held["by"] != who:
            return JSONResponse({"code": "review_conflict", "detail": f"{held['by']} has it"}, 409)
        return {"by": who, "until": time.time() + 120}

    @route("DELETE", "/v1/reviews/demo/{n}/claim")
    async def release(n: int) -> Response:  # noqa: ARG001 - the agreement's
        return Response(status_code=204)

    @route("POST", "/v1/reviews/demo/{n}/case")
    async def case(n: int) -> dict[str, Any]:
        return {"case": f"review-{n}"}

    @route("GET", "/v1/reviews/demo/{n}/events")
    async def events(n: int) -> dict[str, Any]:
        return {"events": documents[n].events, "right": True}

    return app


def listed(documents: list[Made], reason: str, state: str) -> dict[str, Any]:
    """The list of a collection."""
    states = [(d.review or {"state": "open"})["state"] for d in documents]
    found, queues = [], dict[str, int]()
    for n, made in enumerate(documents):
        codes = [r["code"] for r in made.reasons]
        for code in set(codes) if states[n] == (state or states[n]) else ():
            queues[code] = queues.get(code, 0) + 1
        if (reason and reason not in codes) or (state and states[n] != state):
            continue
        counted = {code: codes.count(code) for code in codes}
        doubtful = sum(bool(f["doubts"]) and not f["correction"] for f in made.fields)
        entry = {"number": n, "name": made.name, "status": made.status, "reasons": counted, "doubtful": doubtful}
        found.append(entry | {"review": made.review, "claim": made.claim})
    counts = {name: states.count(name) for name in ("open", "accepted", "rejected")}
    named = {"collection": "demo", "target": {"name": "Invoice"}, "counts": counts, "queues": queues}
    return named | {"documents": found, "next": None}


def shown(made: Made, n: int, start: int, limit: int) -> dict[str, Any]:
    """One Result as its page wants it."""
    first = next((i for i, f in enumerate(made.fields) if f["doubts"]), None)
    whole = {"number": n, "name": made.name, "status": made.status, "valid": False, "review": made.review}
    whole |= {"claim": made.claim, "head": made.head, "reasons": made.reasons, "pages": made.pages}
    whole |= {"fields": made.fields[start : start + limit], "fields_total": len(made.fields)}
    return whole | {"first_doubtful": first, "lists": made.lists}


def corrected(made: Made, asked: dict[str, Any], who: str) -> Any:
    """Correct a field, or refuse."""
    row = [f for f in made.fields if f["path"].startswith(asked["path"] + "/")]
    if row:
        word = {"old": None, "by": who, "at": time.time(), "note": "", "action": asked["action"]}
        for one in row:
            one["correction"] = None if asked["action"] == "undo" else word
        return {"head": made.head, "field": row[0]}
    at = next(i for i, f in enumerate(made.fields) if f["path"] == asked["path"])
    old, action = made.fields[at], asked["action"]
    if asked.get("value") == "1.234":
        detail = "1.234 can be 1234 or 1.234; type it with its decimals"
        return JSONResponse({"code": "value_not_understood", "detail": detail, "readings": ["1234", "1.234"]}, 422)
    if asked.get("head") != made.head:
        return JSONResponse({"code": "review_conflict", "detail": "Maria changed it meanwhile"}, 409)
    made.events.append({"seq": len(made.events), "at": time.time(), "by": who, "path": asked["path"], "action": action})
    done = {"old": old["value"], "by": who, "at": time.time(), "note": asked.get("note"), "action": action}
    made.events[-1] |= {
        "old": old["value"],
        "new": asked.get("value"),
        "note": asked.get("note"),
        "prev": "",
        "hash": "",
    }
    new = {**old, "correction": done}
    if action == "edit":
        value = asked["value"]
        if old["kind"] == "number" and isinstance(value, str):
            value = float(value.replace(".", "").replace(",", "."))
        new |= {"value": value, "shown": str(asked["value"]), "method": "corrected"}
    elif action in {"reject", "absent"}:
        new |= {"value": None, "shown": None}
    elif action == "undo":
        new = dict(made.first[asked["path"]])
    made.fields[at] = new
    return {"head": made.head, "field": new}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(fixture(collection()), port=int(sys.argv[1]), log_level="warning")

"""A server on loopback that speaks OpenAI's protocol and answers from the `answers.json` of a pipeline case.

`answers.json` is a list of entries `{"for": KIND, "when": [TEXT, …], "unless": [TEXT, …], "answer": {…} or "raw": "…"}`.
KIND is the name of the asked schema, or "*"; `when` and `unless` speak of the user's message. A plain object is the answer
to the first question (the first one) or to a later one. Answers are cut to the asked schema; several `extract` entries that
stand in one part are joined, so that it does not matter how a document is cut. An unexpected question gets null and [].
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JSON = Any
KINDS = frozenset({"extract", "reask", "look", "mend", "repair", "decide", "boundary", "derive"})
AGAIN = ("mend", "repair")  # questions that a good model answers as it did before
NO_DOCUMENT_BEGINS = '{"new_document": false}'
_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
_VALUE = re.compile(r"^(\d+): (/\S*) = (.*)$", re.MULTILINE)
_LINE = re.compile(r"^\s*(\d+)\|(.*)$", re.MULTILINE)


def right_of(case: Path) -> dict[str, JSON]:
    """Return what the Result of a case must be: the JSON block of its `right.md`."""
    block = _BLOCK.search((case / "right.md").read_text("utf-8"))
    assert block, case
    found: dict[str, JSON] = json.loads(block[1])
    return found


class CaseServer:
    """Answers the questions about one case, in any number of threads."""

    def __init__(self, case: Path) -> None:
        """Read the case's answers, and how its server misbehaves."""
        entries = json.loads((case / "answers.json").read_text("utf-8"))
        self._entries = [dict(_entry(e, i), used=False) for i, e in enumerate(entries)]
        self._right = right_of(case).get("data") or {}
        way = case / "server.json"
        self._way = json.loads(way.read_text("utf-8")) if way.is_file() else {}
        self._lock = threading.Lock()
        self.asked: list[str] = []  # kinds, in order
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def completion(self, body: dict[str, JSON]) -> dict[str, JSON]:
        """Return the whole answer to one request."""
        texts = [(m["role"], _text(m)) for m in body["messages"]]
        user = "\n".join(t for role, t in texts if role == "user")
        whole, window, reported = "\n".join(t for _, t in texts), self._way.get("cut_tokens"), None
        if window:  # it keeps the end of what does not fit and says nothing
            reported = min(window, len(whole) // 4)
            user = whole[-window * 4 :] if len(whole) / 4 > window else user
        schema = _schema(body) or {}
        with self._lock:
            kind = _kind(body)
            self.asked.append(kind)
            text = self._answer(kind, user, schema)
        message = {"role": "assistant", "content": text}
        made = {"id": "case", "object": "chat.completion", "created": 0, "model": body.get("model", "x")}
        made |= {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        return made if self._way.get("no_usage") else made | {"usage": self._usage(whole, schema, text, reported)}

    def _usage(self, whole: str, schema: JSON, text: str, reported: int | None) -> dict[str, int]:
        prompt = reported or len((whole + json.dumps(schema, ensure_ascii=False)).encode()) // 4
        if factor := self._way.get("report_factor"):  # another tokenizer than the one that is counted with
            prompt = int(len(whole) / 4.6 * factor)
        answer = len(text) // 4 + 1
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}

    def _answer(self, kind: str, user: str, schema: JSON) -> str:
        fresh = [e for e in self._fitting("extract", user) if not e["used"]] if kind == "extract" else []
        if fresh:
            return self._first(fresh, schema)
        kind = "reask" if kind == "extract" else kind
        given = [e for e in self._fitting(kind, user) if "answer" in e] if kind == "reask" else []
        if len(given) > 1:
            return self._joined(given, schema)
        entry = next(iter([*self._fitting(kind, user), *self._fitting("*", user)]), None)
        if entry is not None:
            entry["used"] = True
            return str(entry["raw"]) if "raw" in entry else _cut(entry["answer"], schema)
        if kind in AGAIN:
            return _cut(self._as_before(user), schema)
        if kind == "look":
            return json.dumps(self._looked(user), ensure_ascii=False)
        return NO_DOCUMENT_BEGINS if kind == "boundary" else _cut({}, schema)

    def _fitting(self, kind: str, user: str) -> list[dict[str, JSON]]:
        """Return the entries for a kind of question that may answer this one."""
        return [
            e
            for e in self._entries
            if e["for"] == kind
            and (not e["used"] or e.get("often"))
            and all(w in user for w in e.get("when", ()))
            and not any(w in user for w in e.get("unless", ()))
        ]

    def _first(self, fresh: list[dict[str, JSON]], schema: JSON) -> str:
        raw = next((e for e in fresh if "raw" in e), None)
        if raw is None:
            return self._joined(fresh, schema)
        raw["used"] = True
        return str(raw["raw"])

    def _joined(self, entries: list[dict[str, JSON]], schema: JSON) -> str:
        for entry in entries:
            entry["used"] = True
        return _cut(_join([e["answer"] for e in entries]), schema)

    def _as_before(self, user: str) -> JSON:
        """Return what was answered first, of lists the items that stand in the part that is shown."""
        known = [e for e in self._entries if e["for"] == "extract" and "answer" in e]
        fitting = [e["answer"] for e in known if all(w in user for w in e.get("when", ()))]
        part = user.partition("PART")[2].partition("VALUES FOUND BEFORE:")[0] or user
        return _standing(_join(fitting or [e["answer"] for e in known if e["used"]]), part)

    def _looked(self, user: str) -> JSON:
        """Return a good evaluator's findings: a value that the right Result has at its path is supported."""
        lines, found = _LINE.findall(user), {}
        for number, path, value in _VALUE.findall(user):
            held = {str(v) for v in _leaves(self._right, re.sub(r"/(?:\d+|-)(?=/|$)", "/*", path))}
            is_right = value.strip().strip('"') in held
            near = [int(n) for n, text in lines if any(w in text for w in re.findall(r"\w{3,}", value))][:3]
            found[number] = {"finding": "supported" if is_right else "not_found", "lines": near if is_right else []}
        return found


def _entry(entry: dict[str, JSON], index: int) -> dict[str, JSON]:
    written = "for" in entry and ("answer" in entry or "raw" in entry)
    return entry if written else {"for": "*" if index else "extract", "answer": entry}


def _text(message: dict[str, JSON]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


def _schema(body: dict[str, JSON]) -> JSON:
    asked = body.get("response_format") or {}
    tools = body.get("tools") or ()
    return (
        asked["json_schema"]["schema"]
        if "json_schema" in asked
        else next((t["function"]["parameters"] for t in tools), None)
    )


def _kind(body: dict[str, JSON]) -> str:
    asked = (body.get("response_format") or {}).get("json_schema") or {}
    name = asked.get("name") or next((t["function"]["name"] for t in body.get("tools") or ()), "extract")
    return str(name) if name in KINDS else "extract"


def _cut(value: JSON, schema: JSON) -> str:
    return json.dumps(_fitted(value, schema, schema) if schema else value, ensure_ascii=False)


def _fitted(value: JSON, schema: JSON, root: JSON) -> JSON:
    """Return a value in the shape of a schema: null and [] for what is not given, nothing that is not asked for."""
    schema = _resolved(schema, root)
    branches = [_resolved(b, root) for key in ("anyOf", "oneOf") for b in schema.get(key, ())]
    if branches and "properties" not in schema:
        want = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else ""
        chosen = next((b for b in branches if b.get("type") == want), None)
        return _fitted(value, chosen, root) if chosen and value is not None else value
    if "properties" in schema:
        if value is None and "null" in _types(schema):
            return None
        members = value if isinstance(value, dict) else {}
        return {k: _fitted(members.get(k), s, root) for k, s in schema["properties"].items()}
    if "array" in _types(schema):
        if value is None and "null" in _types(schema):
            return None
        return [_fitted(v, schema.get("items") or {}, root) for v in value or []]
    return value


def _types(schema: JSON) -> list[str]:
    types = schema.get("type")
    return types if isinstance(types, list) else [types]


def _resolved(schema: JSON, root: JSON) -> JSON:
    while "$ref" in schema:
        known = (root.get("$defs") or root.get("definitions") or {})[schema["$ref"].rsplit("/", 1)[-1]]
        schema = {**known, **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def _leaves(value: JSON, pattern: str, at: str = "") -> Iterator[JSON]:
    """Yield the leaves whose path, with * for indices, is the pattern."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, pattern, f"{at}/{key}")
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member, pattern, f"{at}/*")
    elif at == pattern:
        yield value


def _join(answers: list[dict[str, JSON]]) -> dict[str, JSON]:
    """Return several answers as one: lists one after the other, of single values the first that is not null."""
    whole: dict[str, JSON] = {}
    for answer in answers:
        for key, value in answer.items():
            if isinstance(value, list):
                whole[key] = (whole.get(key) or []) + value
            elif whole.get(key) is None:
                whole[key] = value
    return whole


def _standing(answer: dict[str, JSON], part: str) -> dict[str, JSON]:
    """Return an answer with only those list items of which something that no other item has stands in a part."""
    flat = re.sub(r"\s+", "", part)
    return {
        key: [x for i, x in enumerate(value) if not isinstance(x, dict) or _stands(value, i, part, flat)]
        if isinstance(value, list)
        else value
        for key, value in answer.items()
    }


def _stands(items: list[JSON], index: int, part: str, flat: str) -> bool:
    texts, words, figures = (_unshared(items, index, of) for of in (_strings, _words, _figures))
    if not _strings(items[index]) or any(t in flat for t in texts):
        return True
    if words and 2 * sum(w in flat for w in words) >= len(words):
        return True
    return any(re.search(rf"(?<![\d.,]){re.escape(f)}(?!\d)", part) for f in figures)


def _unshared(items: list[JSON], index: int, of: Any) -> set[str]:
    others = {x for i, item in enumerate(items) if i != index and isinstance(item, dict) for x in of(item)}
    found: set[str] = of(items[index]) - others
    return found


def _strings(item: dict[str, JSON]) -> set[str]:
    texts = [v for v in item.values() if isinstance(v, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", v)]
    return {re.sub(r"\s+", "", t) for t in texts}


def _words(item: dict[str, JSON]) -> set[str]:
    texts = [v for v in item.values() if isinstance(v, str)]
    return {w for t in texts for w in re.findall(r"\w{2,}", t) if not re.fullmatch(r"\d{1,4}", w)}


def _figures(item: dict[str, JSON]) -> set[str]:
    numbers = [v for v in item.values() if isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) >= 1]
    return {way for n in numbers for way in _written(abs(n))}


def _written(number: float) -> set[str]:
    english = f"{number:,.2f}"
    whole = {f"{number:,.0f}"} if number == int(number) else set()
    return {english, english.replace(",", ""), english.translate(str.maketrans(",.", ".,")), *whole}


def _handler(server: CaseServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one chat completion."""
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            data = json.dumps(server.completion(body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler

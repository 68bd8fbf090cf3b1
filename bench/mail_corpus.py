"""Read a folder of mails and print what came of each: `python bench/mail_corpus.py FOLDER [--text]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from thresher.schemas.errors import Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reader, Spool
from thresher.service.readers.mail import eml_reader, mbox_reader
from thresher.service.readers.mail.outlook import msg_reader, tnef_reader

READERS: tuple[Reader, ...] = (eml_reader.reader, msg_reader.reader, mbox_reader.reader, tnef_reader.reader)


def best(source: Source) -> Reader | None:
    """The reader that bids highest, if any bids."""
    head = Path(source.blob).read_bytes()[: 1 << 16]
    confidence, reader = max(((r.confidence(head, source), r) for r in READERS), key=lambda b: b[0])
    return reader if confidence > 0 else None


def outcome(source: Source, spool: Spool, *, show: bool) -> tuple[str, list[Source]]:
    """One row of the table, and the children to be read next."""
    reader = best(source)
    if reader is None:
        return "-\tno bid\t\t\t", []
    began = time.process_time()
    try:
        reading = reader.read(source, ReadOptions(), spool)
    except Problem as problem:
        return f"{reader.name}\t{problem.code}\t\t\t", []
    spent = (time.process_time() - began) * 1000
    document = reading.document
    if show:
        _show(reading.document.text, [(k.name, v, s, e) for s, e, k, v in document.blocks])
        print(
            {**document.facts},
            *document.notes,
            *(f"\n   {c.relation} {c.path} {c.declared_type} {c.size}" for c in reading.children),
        )
    kinds = " ".join(f"{k.name.lower()}:{n}" for k, n in Counter(k for _, _, k, _ in document.blocks).items())
    codes = ",".join(dict.fromkeys(n.code for n in document.notes)) or "ok"
    return (
        f"{reader.name}\t{codes}\t{len(reading.children)}\t{len(document.text)}\t{spent:.1f}\t{kinds}",
        reading.children,
    )


def _show(text: str, blocks: list[tuple[str, int, int, int]]) -> None:
    for kind, level, start, end in blocks:
        print(f"  {kind}{level or ''}| " + text[start:end][:600].replace("\n", "\n     | "))


def main() -> None:
    """Walk the folder, children included."""
    paths, show = [Path(a) for a in sys.argv[1:] if a != "--text"], "--text" in sys.argv
    files = sorted(f for p in paths for f in (p.rglob("*") if p.is_dir() else [p]) if f.is_file())
    print("reader\toutcome\tchildren\tcharacters\tms\tblocks\tfile")
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        todo = [Source(path=f.name, blob=str(f), sha256=str(f), size=f.stat().st_size, name=f.name) for f in files]
        while todo:
            source = todo.pop(0)
            row, children = outcome(source, spool, show=show)
            print(f"{row}\t{source.path}", flush=True)
            todo[:0] = children


if __name__ == "__main__":
    main()

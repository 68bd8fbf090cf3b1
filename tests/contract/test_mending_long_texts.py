"""Mending where a document has many Chunks: they are ranked first, by a library that is heavy."""

from __future__ import annotations

from typing import Any

from tests.contract.test_mending import Terms, run
from thresher.schemas.question import Question


async def test_only_the_chunk_that_the_evidence_came_from_is_asked() -> None:
    """In a long document two dates in doubt are asked of their own Chunk, and no other field with them."""
    filler = "\n".join(f"Paragraph {i} says little of anything that matters here." for i in range(150))
    text = f"Name: Acme\n{filler}\nIt starts on 2 May 2024 and ends on 1 June 2024.\n{filler}\nBye."

    def say(question: Question) -> Any:
        shown = question.messages[-1].content
        here = "It starts on" in shown
        if question.purpose == "repair":
            return {"starts": "2024-05-02", "ends": "2024-06-01"}
        starts, ends = ("2024-06-01", "2024-05-02") if here else (None, None)
        return {"name": "Acme" if "Name: Acme" in shown else None, "starts": starts, "ends": ends}

    result, asked = await run(Terms, text, say, chunk_tokens=600)
    (repair,) = [q for q in asked if q.purpose == "repair"]
    assert "It starts on" in repair.messages[-1].content
    assert "Name: Acme" not in repair.messages[-1].content.partition("PART:")[2]
    assert list((repair.schema or {})["properties"]) == ["starts", "ends"]
    assert result.data == {"name": "Acme", "starts": "2024-05-02", "ends": "2024-06-01"}
    assert sorted(c.path for c in result.conflicts) == ["/ends", "/starts"]

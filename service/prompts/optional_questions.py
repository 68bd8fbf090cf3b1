"""Ask questions whose answer the caller can do without: a failure is data, not an exception."""

from __future__ import annotations

from thresher.schemas.errors import InputProblem, ModelProblem
from thresher.schemas.extraction import Calls
from thresher.schemas.question import Model, Question, Reply, attempt_of_reply


async def try_ask(model: Model, question: Question) -> tuple[Reply | None, Calls]:
    """Return the reply (None where it failed) and the Calls to put into the Result."""
    try:
        reply = await model.ask(question)
    except (ModelProblem, InputProblem) as problem:
        return None, Calls(failed=(problem.code,))
    return reply, Calls(attempts=(attempt_of_reply(question, reply),))

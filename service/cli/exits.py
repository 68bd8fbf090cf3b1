"""Exit codes: one table from Problem codes to what the shell sees.

0 all complete · 1 some results partial, abstained or failed · 2 usage or input · 3 model or provider unavailable ·
130 interrupted, resumable
"""

from __future__ import annotations

from schemas.errors import INPUT_CODES, JOB_CODES, MODEL_CODES, SETUP_CODES, Problem

COMPLETE, SOME_NOT, USAGE, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130

EXITS: dict[str, int] = {
    **dict.fromkeys(INPUT_CODES, USAGE),
    **dict.fromkeys(MODEL_CODES, UNAVAILABLE),
    **dict.fromkeys(JOB_CODES, SOME_NOT),
    **dict.fromkeys(SETUP_CODES, USAGE),
    "budget_reached": SOME_NOT,
    "cost_limit_reached": SOME_NOT,
    "interrupted": INTERRUPTED,
    "weights_missing": UNAVAILABLE,
    "weights_corrupt": UNAVAILABLE,
}


def exit_code(problem: Problem) -> int:
    """What the shell sees of a Problem."""
    return EXITS[problem.code]

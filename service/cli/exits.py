"""Exit codes: one table from Problem codes to the exit codes of the shell.

0 all complete · 1 some not complete, none failed · 2 usage or input · 3 model or provider unavailable · 4 some failed ·
5 all failed · 130 interrupted, resumable
"""

from __future__ import annotations

from thresher.schemas.errors import INPUT_CODES, JOB_CODES, MODEL_CODES, SETUP_CODES, STOPS_RUN, Problem

COMPLETE, SOME_NOT, USAGE, UNAVAILABLE, SOME_FAILED, ALL_FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES: dict[str, int] = {
    **dict.fromkeys(INPUT_CODES, USAGE),
    **dict.fromkeys(MODEL_CODES, UNAVAILABLE),
    **dict.fromkeys(JOB_CODES, SOME_NOT),
    **dict.fromkeys(SETUP_CODES, USAGE),
    "budget_reached": SOME_NOT,
    "cost_limit_reached": SOME_NOT,
    "interrupted": INTERRUPTED,
    **dict.fromkeys(STOPS_RUN, UNAVAILABLE),
}


def exit_code(problem: Problem) -> int:
    """Return the exit code of a Problem."""
    return EXIT_CODES[problem.code]

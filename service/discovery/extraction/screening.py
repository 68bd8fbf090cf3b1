"""Screen what came since the last screen of a matter before anything is asked of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from thresher.service.discovery.extraction.matter_extraction import ExtractionChoice
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.screen import ScreenLists, kept_lists, screen
from thresher.service.discovery.privilege.screened_policy import screened_policy
from thresher.service.discovery.reading.document_texts import DocumentTexts
from thresher.service.readers.pool import ReaderPool


async def screened_choice(
    matter: Matter,
    choice: ExtractionChoice,
    pool: ReaderPool,
    lists: ScreenLists | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> ExtractionChoice | None:
    """Return the choice as it stands behind the screen; None where there never was one and no `lists` are given.

    Raises InputProblem(option_invalid) for a choice that would show a model what the screen could not read.
    """
    lists = lists or kept_lists(matter)
    if choice.privilege != "hold" or lists is None:
        return None
    made = replace(choice, policy=screened_policy(choice.policy))
    await screen(matter, lists, DocumentTexts(matter, pool, made.policy.read), progress)
    return made

"""Keep from a model, behind a privilege screen, what the screen could not read: pictures of pages without a text."""

from __future__ import annotations

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy


def screened_policy(policy: Policy) -> Policy:
    """Return the Policy of a run after a screen: no pictures of weak pages, unless all pages are asked for by name.

    Raises InputProblem(option_invalid) for OCR by a model, which would see pages before they are screened.
    """
    if policy.read.ocr == "vision":
        why = "--ocr vision shows a model pages that the privilege screen could not read"
        raise InputProblem("option_invalid", f"{why}: let local OCR read them, or give --privilege flag")
    return policy.model_copy(update={"images": "off"}) if policy.images == "auto" else policy

"""How many examples of hypothesis a test asks for: more than its profile says, in proportion to the profile."""

from __future__ import annotations

from hypothesis import settings

QUICK_SHARE = 10  # a quick run takes this part of them


def many(thorough: int) -> settings:
    """Return settings with so many examples under `--hypothesis-profile thorough`, as CI runs, and a tenth of them else."""
    if settings.get_current_profile_name() == "thorough":
        return settings(max_examples=thorough)
    return settings(max_examples=max(thorough // QUICK_SHARE, settings().max_examples))

"""Count tokens offline, never too few: exactly where the tokenizer is known.

tiktoken's vocabularies are found inside the litellm package, which contains them; nothing is ever downloaded. A name may end
in a factor, for models whose own tokenizer is not available: `cl100k_base*1.3` counts 1.3 times as many, rounded up, so that
a budget holds for a tokenizer that is up to that much finer.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.schemas.errors import SetupProblem

if TYPE_CHECKING:
    from tiktoken import Encoding

    from thresher.chunkers.base import Counter

STAND_INS = {"smollm2": "cl100k_base*1.3"}  # unavailable tokenizers, by one that counts at least as many
SLICE = 50_000  # code points encoded at once: bounds the time and stack of the pre-tokenizer on endless lines


@lru_cache
def counter(name: str) -> Counter:
    """Return the function that counts the tokens of a text, by the tokenizer `name` or `name*factor`.

    A text longer than 50,000 code points is counted in slices, which may give a few tokens more than in one go,
    never fewer. Raises SetupProblem(extra_missing) for an unknown name.

    >>> count = counter("o200k_base")
    >>> count("Total due: 1,204.50"), count("<|endoftext|>") > 1, counter("o200k_base*2")("Total")
    (9, True, 2)
    """
    base, _, factor = STAND_INS.get(name, name).partition("*")
    encoding, times = _encoding(base), float(factor or 1)

    def count(text: str) -> int:
        if len(text) <= SLICE:
            return math.ceil(len(encoding.encode_ordinary(text)) * times)
        tokens = sum(len(encoding.encode_ordinary(text[i : i + SLICE])) for i in range(0, len(text), SLICE))
        return math.ceil(tokens * times)

    return count


@lru_cache
def _encoding(name: str) -> Encoding:
    import tiktoken  # noqa: PLC0415 - 0.1 s to import, and only chunking needs it

    found = find_spec("litellm")  # located, not imported: the import would take two seconds
    if found is None or found.origin is None:
        raise SetupProblem("extra_missing", "litellm, which carries the token vocabularies")
    folder = Path(found.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)  # tiktoken takes its folder in no other way
    try:
        return tiktoken.get_encoding(name)
    except (ValueError, OSError) as error:
        raise SetupProblem("extra_missing", f"token vocabulary {name}") from error

"""Hold what a search of a file's bytes says of all its pages, so that no page need be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.service.readers.pdf.text.optional_layers import may_have_layers
from thresher.service.readers.pdf.text.replacement_search import may_have_false_replacements


@dataclass(slots=True)
class FileSearch:
    """What a file may have."""

    path: str
    layers: bool = field(init=False)  # whether it may have layers that can be off
    _false: bool | None = None  # whether it may have false replacement texts; None: not yet searched

    def __post_init__(self) -> None:
        """Search the file for layers."""
        self.layers = may_have_layers(self.path)

    @property
    def has_only_short_replacements(self) -> bool:
        """Whether it is known by now that no replacement text can be false."""
        return self._false is False

    def may_have_false_replacements(self) -> bool:
        """Whether a replacement text may differ from what its glyphs say. The file is searched at the first call."""
        if self._false is None:
            self._false = may_have_false_replacements(self.path)
        return self._false

"""Settings of Sphinx for the documentation site: `make docs` builds it offline, into out/docs."""

from __future__ import annotations

project = "Thresher"
author = "The founders of Thresher"
copyright = "2026, the founders of Thresher; Apache-2.0"  # noqa: A001 - the name that Sphinx reads

extensions = ["myst_parser"]
exclude_patterns = ["requirements.txt"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # levels of headings that can be linked to
nitpicky = True

html_theme = "furo"
html_title = "Thresher"
html_show_sphinx = False
html_copy_source = False
html_static_path: list[str] = []

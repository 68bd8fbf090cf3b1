"""Characters and words of a page's text layer, and which of them can be seen."""

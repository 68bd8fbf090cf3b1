"""Read characters and words of a page's text layer, and decide which of them can be seen."""

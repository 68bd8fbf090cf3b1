"""Read HTML pages and EPUB books."""

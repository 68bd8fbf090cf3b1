"""Lines, boxes and small figures on a page, as signs in its text."""

"""Turn lines, boxes and small figures on a page into signs in its text."""

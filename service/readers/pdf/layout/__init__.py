"""Words to rows, columns, paragraphs, in reading order."""

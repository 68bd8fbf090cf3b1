"""Read plain text, Markdown, CSV, JSON, XML, calendars and cards."""

"""Plain text, Markdown, CSV, JSON, XML, calendars and cards."""

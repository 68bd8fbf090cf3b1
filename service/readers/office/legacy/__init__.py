"""Read office files in the formats before 2007 (DOC, PPT, XLS)."""

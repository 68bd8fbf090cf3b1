"""Signs that a record or a line is none, or holds more than one."""

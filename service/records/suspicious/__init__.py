"""Find signs that a record or a line is not a record, or contains more than one."""

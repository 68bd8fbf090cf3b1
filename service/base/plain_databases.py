"""Open SQLite files that others may have made: tables and indexes only. A view in the place of a table is a program."""

from __future__ import annotations

import sqlite3

_PROGRAMS = """SELECT type, name FROM sqlite_master
WHERE type NOT IN ('table', 'index') OR upper(ltrim(sql)) LIKE 'CREATE VIRTUAL%' LIMIT 1"""
_COLUMNS = """SELECT m.name, x.name FROM sqlite_master m, pragma_table_xinfo(m.name) x
WHERE m.type = 'table' AND x.hidden > 1 LIMIT 1"""


def check_plain(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a view, a trigger, a virtual table or a computed column: reading one may never end."""
    connection.execute("PRAGMA trusted_schema = OFF")
    for kind, name in connection.execute(_PROGRAMS):
        raise sqlite3.DatabaseError(f"it holds a {kind}, {str(name)[:60]!r}, and none is expected")
    for table, name in connection.execute(_COLUMNS):
        raise sqlite3.DatabaseError(f"the column {str(name)[:60]!r} of {str(table)[:60]!r} is computed")

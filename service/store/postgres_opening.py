"""Opening a PostgreSQL database: a connection, and the schema brought up to date by whoever comes first."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from schemas.errors import SetupProblem

if TYPE_CHECKING:
    import psycopg

    from service.store.session import Row

GATE = 7_220_417_551  # advisory lock under which the schema is changed: any number that nobody else uses
SECONDS = 10  # to connect


def connect(address: str) -> psycopg.Connection[Row]:
    """A connection on which every statement is its own transaction unless one is begun. Raises psycopg.Error."""
    import psycopg  # noqa: PLC0415 - an extra

    return psycopg.connect(address, autocommit=True, connect_timeout=SECONDS, application_name="thresher")


def checked(address: str) -> str:
    """The address, if PostgreSQL can be spoken to at all. Raises SetupProblem(extra_missing)."""
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise SetupProblem("extra_missing", "thresher[postgres]") from error
    return address


def shown(address: str) -> str:
    """An address without its password: for logs and messages.

    >>> shown("postgresql://me:secret@db.example:5432/thresher?sslmode=require")
    'postgresql://me@db.example:5432/thresher'
    >>> shown("host=/run dbname=x password=secret")
    'postgresql'
    """
    parts = urlsplit(address)
    if not parts.scheme:
        return "postgresql"
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return f"{parts.scheme}://{name + '@' if name else ''}{host}{parts.path}"


def migrate(connection: psycopg.Connection[Row]) -> None:
    """Run the steps that this database has not seen, each whole or not at all; one process at a time.

    Raises SetupProblem(store_failed) where a newer version has been here.
    """
    connection.execute("SELECT pg_advisory_lock(%s)", (GATE,))
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
        known = steps()
        if unknown := done - known.keys():
            raise SetupProblem("store_failed", f"made by a newer version ({max(unknown)})")
        for name in sorted(known.keys() - done):
            with connection.transaction():
                connection.execute(known[name].encode())
                connection.execute("INSERT INTO migrations VALUES (%s)", (name,))
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (GATE,))


def steps() -> dict[str, str]:
    """Name to script of every step."""
    folder = resources.files("service.store.migrations_postgres")
    return {f.name.removesuffix(".sql"): f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".sql")}

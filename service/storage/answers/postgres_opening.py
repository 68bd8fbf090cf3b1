"""Open a PostgreSQL database: a connection, and the schema, updated by the process that comes first."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from thresher.schemas.errors import SetupProblem
from thresher.service.telemetry import masks

if TYPE_CHECKING:
    import psycopg

    from thresher.service.storage.answers.session import Row

MIGRATION_LOCK = 7_220_417_551  # advisory lock under which the schema is changed: any number that no other program uses
CONNECT_SECONDS = 10


def connect(address: str) -> psycopg.Connection[Row]:
    """Open a connection on which every statement is its own transaction unless one is begun. Raises psycopg.Error."""
    import psycopg  # noqa: PLC0415 - an extra

    return psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="thresher")


def checked_database_address(address: str) -> str:
    """Return the address if it is valid and psycopg is installed; mask its password in logs from now on.

    Raises SetupProblem(extra_missing, database_refused).
    """
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise SetupProblem("extra_missing", "thresher[postgres]") from error
    known = _address_parts(address)
    if known is None:
        raise SetupProblem("database_refused", "an address is postgresql://user:password@host:port/name, %-encoded")
    masks.add_secrets(known[name] for name in ("password", "sslpassword") if name in known)
    return address


def address_without_password(address: str) -> str:
    """Return where an address leads, without its password and options: for logs and messages.

    >>> address_without_password("postgresql://me:secret@db.example:5432/thresher?sslmode=require")
    'postgresql://me@db.example:5432/thresher'
    >>> address_without_password("host=/run dbname=x password=secret"), address_without_password("postgresql://me:sec/ret@db/x")
    ('postgresql:///run/x', 'postgresql')
    """
    known = _address_parts(address)
    if known is None:
        return "postgresql"
    user = f"{known['user']}@" if "user" in known else ""
    port = f":{known['port']}" if "port" in known else ""
    return f"postgresql://{user}{known.get('host', '')}{port}/{known.get('dbname', '')}"


def _address_parts(address: str) -> dict[str, str] | None:
    """Return what libpq reads in an address; None for an invalid one, or one whose password libpq would misread."""
    import psycopg  # noqa: PLC0415 - an extra
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - as above

    try:
        known = {name: str(value) for name, value in conninfo_to_dict(address).items()}
    except psycopg.Error:  # its message would repeat parts of the address
        return None
    misread = "@" in known.get("dbname", "") or not known.get("port", "0").replace(",", "").isdecimal()
    return None if misread else known


def migrate(connection: psycopg.Connection[Row]) -> None:
    """Run the steps that this database has not seen, each as a whole or not at all; one process at a time.

    Raises SetupProblem(store_failed) where a newer version has changed the schema.
    """
    connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
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
        connection.execute("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))


def steps() -> dict[str, str]:
    """Return the name and script of every step."""
    folder = resources.files("thresher.service.storage.answers.migrations_postgres")
    return {f.name.removesuffix(".sql"): f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".sql")}

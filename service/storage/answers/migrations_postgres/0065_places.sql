-- Places for calls that all processes share, by provider. Times are seconds since 1970, UTC, by the database's clock.
CREATE TABLE providers (
    name TEXT PRIMARY KEY,
    shut DOUBLE PRECISION NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- What each process holds, and how many it could use; it is forgotten when its lease has run out.
CREATE TABLE places (
    provider TEXT NOT NULL,
    holder TEXT NOT NULL,
    held BIGINT NOT NULL,
    wanted BIGINT NOT NULL,
    lease DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (provider, holder)
) WITH (fillfactor = 50);

-- Limits a minute that all processes share: when everything reserved so far will have been used up, in seconds since
-- 1970, UTC, by the database's clock. Losing it in a crash of the server costs one burst.
CREATE UNLOGGED TABLE rates (
    name TEXT PRIMARY KEY,
    due DOUBLE PRECISION NOT NULL
) WITH (fillfactor = 50);

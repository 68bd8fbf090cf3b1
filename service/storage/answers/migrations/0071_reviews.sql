-- What people said of Results, as a chain of events for each, and who works on it. The same tables stand in PostgreSQL.
CREATE TABLE reviews (
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    result TEXT NOT NULL,
    number INTEGER NOT NULL,
    head TEXT NOT NULL DEFAULT '',
    review TEXT,
    corrected TEXT NOT NULL DEFAULT '',
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (collection, result, tenant)
) WITHOUT ROWID;

CREATE TABLE review_events (
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    result TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    body BLOB NOT NULL,
    webhook_due REAL,
    PRIMARY KEY (collection, result, tenant, seq)
) WITHOUT ROWID;
CREATE INDEX review_events_by_webhook ON review_events (webhook_due) WHERE webhook_due IS NOT NULL;

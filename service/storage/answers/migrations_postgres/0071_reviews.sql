-- What people said of Results, as a chain of events for each, and who works on it. The same tables stand in SQLite.
CREATE TABLE reviews (
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    result TEXT NOT NULL,
    number BIGINT NOT NULL,
    head TEXT NOT NULL DEFAULT '',
    review TEXT,
    corrected TEXT NOT NULL DEFAULT '',
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (collection, result, tenant)
);

CREATE TABLE review_events (
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    result TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    body BYTEA NOT NULL,
    webhook_due DOUBLE PRECISION,
    PRIMARY KEY (collection, result, tenant, seq)
);
CREATE INDEX review_events_by_webhook ON review_events (webhook_due) WHERE webhook_due IS NOT NULL;

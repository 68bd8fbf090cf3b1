-- Batches ordered of a provider. Times are seconds since 1970, UTC. `theirs` is NULL while the order is on its way.
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    theirs TEXT,
    state TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    items BIGINT NOT NULL
);

-- Their items by the key of the answer; body is zlib-compressed JSON, kept until the answer is kept in its own form.
CREATE TABLE batch_items (
    key TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    status BIGINT,
    body BYTEA
);
CREATE INDEX batch_items_by_batch ON batch_items (batch);

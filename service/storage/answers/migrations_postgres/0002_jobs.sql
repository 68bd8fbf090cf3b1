-- Jobs, their Tasks, Outcomes and Events. Times are seconds since 1970, UTC. The same tables stand in SQLite.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    target TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    priority BIGINT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    finished DOUBLE PRECISION,
    webhook TEXT,
    webhook_due DOUBLE PRECISION,
    webhook_attempts BIGINT NOT NULL DEFAULT 0,
    asked TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    usd DOUBLE PRECISION NOT NULL DEFAULT 0,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    cancelled BIGINT NOT NULL DEFAULT 0,
    events BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_tenant ON jobs (tenant, id);
CREATE INDEX jobs_by_webhook ON jobs (webhook_due) WHERE webhook_due IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (finished) WHERE finished IS NOT NULL;

CREATE TABLE tasks (
    job TEXT NOT NULL,
    number BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    files TEXT NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    due DOUBLE PRECISION NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0,
    worker TEXT,
    lease DOUBLE PRECISION NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    why TEXT,
    PRIMARY KEY (job, number)
);
CREATE INDEX tasks_todo ON tasks (priority DESC, due, job, number) WHERE state = 'todo';
CREATE INDEX tasks_running ON tasks (lease) WHERE state = 'running';
CREATE INDEX tasks_stages ON tasks (job, stage) WHERE state = 'running';

CREATE TABLE task_files (
    sha256 TEXT NOT NULL,
    job TEXT NOT NULL,
    task BIGINT NOT NULL,
    PRIMARY KEY (sha256, job, task)
);
CREATE INDEX task_files_by_job ON task_files (job);

CREATE TABLE outcomes (
    job TEXT NOT NULL,
    task BIGINT NOT NULL,
    number BIGINT NOT NULL,
    path TEXT NOT NULL,
    status TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (job, task, number)
);

CREATE TABLE events (
    job TEXT NOT NULL,
    number BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL,
    task BIGINT,
    detail TEXT NOT NULL,
    PRIMARY KEY (job, number)
);

-- What deleted Jobs used, for quotas.
CREATE TABLE used (
    job TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    documents BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    usd DOUBLE PRECISION NOT NULL
);
CREATE INDEX used_by_tenant ON used (tenant, created);

-- The server's own small records.
CREATE TABLE shelf (
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, tenant, key)
);

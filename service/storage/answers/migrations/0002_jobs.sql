-- Jobs, their Tasks, Outcomes and Events. Times are seconds since 1970, UTC. The same tables stand in PostgreSQL.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    target TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    priority INTEGER NOT NULL,
    created REAL NOT NULL,
    finished REAL,
    webhook TEXT,
    webhook_due REAL,
    webhook_attempts INTEGER NOT NULL DEFAULT 0,
    asked TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    usd REAL NOT NULL DEFAULT 0,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_tenant ON jobs (tenant, id);
CREATE INDEX jobs_by_webhook ON jobs (webhook_due) WHERE webhook_due IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (finished) WHERE finished IS NOT NULL;

CREATE TABLE tasks (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    files TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease REAL NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    why TEXT,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE INDEX tasks_todo ON tasks (priority DESC, due, job, number) WHERE state = 'todo';
CREATE INDEX tasks_running ON tasks (lease) WHERE state = 'running';
CREATE INDEX tasks_stages ON tasks (job, stage) WHERE state = 'running';

CREATE TABLE task_files (
    sha256 TEXT NOT NULL,
    job TEXT NOT NULL,
    task INTEGER NOT NULL,
    PRIMARY KEY (sha256, job, task)
) WITHOUT ROWID;
CREATE INDEX task_files_by_job ON task_files (job);

CREATE TABLE outcomes (
    job TEXT NOT NULL,
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    status TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (job, task, number)
) WITHOUT ROWID;

CREATE TABLE events (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    task INTEGER,
    detail TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;

-- What deleted Jobs used, for quotas.
CREATE TABLE used (
    job TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    created REAL NOT NULL,
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    usd REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_by_tenant ON used (tenant, created);

-- The server's own small records.
CREATE TABLE shelf (
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, tenant, key)
) WITHOUT ROWID;

-- For whom a call was made, and which answer it used: an answer goes when the last call that used it goes.
ALTER TABLE calls ADD COLUMN task TEXT;
ALTER TABLE calls ADD COLUMN job TEXT;
ALTER TABLE calls ADD COLUMN key TEXT NOT NULL DEFAULT '';
UPDATE calls SET key = json_extract(attempt, '$.key');
CREATE INDEX calls_by_job ON calls (job) WHERE job IS NOT NULL;
CREATE INDEX calls_by_key ON calls (key);

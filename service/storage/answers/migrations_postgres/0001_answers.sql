-- Raw answers by the hash of everything that could change them; body is zlib-compressed JSON.
CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    body BYTEA NOT NULL,
    created DOUBLE PRECISION NOT NULL
);

-- Every call, failed ones too; attempt is JSON. `once` keeps a call from being noted twice when a commit's word is lost.
CREATE TABLE calls (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    once TEXT NOT NULL UNIQUE,
    at DOUBLE PRECISION NOT NULL,
    unit TEXT,
    attempt TEXT NOT NULL,
    task TEXT,
    job TEXT,
    key TEXT NOT NULL
);
CREATE INDEX calls_by_unit ON calls (unit);
CREATE INDEX calls_by_job ON calls (job) WHERE job IS NOT NULL;
CREATE INDEX calls_by_key ON calls (key);

-- Units in the order in which they were first marked.
CREATE TABLE units (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    result TEXT,
    detail TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL
);

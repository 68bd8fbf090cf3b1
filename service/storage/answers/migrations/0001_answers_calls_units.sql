-- Raw answers by the hash of everything that could change them; body is zlib-compressed JSON.
CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    created REAL NOT NULL
) WITHOUT ROWID;

-- Every call, failed ones too, in the order in which they ended; attempt is JSON.
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    unit TEXT,
    attempt TEXT NOT NULL
);
CREATE INDEX calls_by_unit ON calls (unit);

-- Units in the order in which they were first marked.
CREATE TABLE units (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    result TEXT,
    detail TEXT NOT NULL,
    at REAL NOT NULL
);

-- The records of a Matter. Types and statements are those that SQLite and PostgreSQL share; `place` is compared byte by
-- byte (in PostgreSQL: COLLATE "C"), and is the order in which everything is read.

CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS sources (
  number INTEGER PRIMARY KEY,
  label TEXT NOT NULL,
  path TEXT NOT NULL,        -- where it was when it was imported
  custodian TEXT NOT NULL,
  kind TEXT NOT NULL,        -- collection, production
  state TEXT NOT NULL,       -- open, finished
  UNIQUE (label, custodian)
);

CREATE TABLE IF NOT EXISTS inputs (       -- files as they were received
  source INTEGER NOT NULL,
  path TEXT NOT NULL,
  size BIGINT NOT NULL,
  modified_ns BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  received_at TEXT NOT NULL,
  received_by TEXT NOT NULL,
  PRIMARY KEY (source, path)
);

CREATE TABLE IF NOT EXISTS units (        -- pieces of work, each done in one transaction
  source INTEGER NOT NULL,
  place TEXT NOT NULL,
  task TEXT NOT NULL,        -- JSON
  done INTEGER NOT NULL,
  PRIMARY KEY (source, place)
);
CREATE INDEX IF NOT EXISTS units_waiting ON units (source, place) WHERE done = 0;

CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  source INTEGER NOT NULL,
  family_id TEXT NOT NULL,
  level INTEGER NOT NULL,
  kind TEXT NOT NULL,
  custodian TEXT NOT NULL,
  state TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bates_begin TEXT,
  record TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS documents_place ON documents (place);
CREATE INDEX IF NOT EXISTS documents_family ON documents (family_id);
CREATE INDEX IF NOT EXISTS documents_bates ON documents (bates_begin);

CREATE TABLE IF NOT EXISTS exceptions (
  id TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  source INTEGER NOT NULL,
  document_id TEXT,
  custodian TEXT NOT NULL,
  code TEXT NOT NULL,
  level TEXT NOT NULL,
  stage TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS exceptions_place ON exceptions (place);
CREATE INDEX IF NOT EXISTS exceptions_document ON exceptions (document_id);

CREATE TABLE IF NOT EXISTS containers (
  id TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  source INTEGER NOT NULL,
  custodian TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS containers_place ON containers (place);

CREATE TABLE IF NOT EXISTS suppressed (
  id TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  source INTEGER NOT NULL,
  custodian TEXT NOT NULL,
  reason TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS suppressed_place ON suppressed (place);

CREATE TABLE IF NOT EXISTS mail_texts (   -- what of a mail's text is compared, of mails at level 1
  id TEXT PRIMARY KEY,       -- of the document
  mih TEXT,                  -- as its record has it
  body TEXT NOT NULL,        -- SHA-256 of the text without white space
  passages BLOB NOT NULL     -- a hash of 8 bytes for each passage, in order
);

CREATE TABLE IF NOT EXISTS signatures (   -- by which near-duplicates are found
  id TEXT PRIMARY KEY,       -- of the document
  words INTEGER NOT NULL,
  signature BLOB NOT NULL    -- MinHash, 128 numbers of 4 bytes; empty for a text of too few words
);

CREATE TABLE IF NOT EXISTS events (       -- what the log will say, written with what it is about
  number INTEGER PRIMARY KEY,
  line TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS outcomes (     -- what an extraction came to, by target and document
  target TEXT NOT NULL,
  document_id TEXT NOT NULL,
  state TEXT NOT NULL,       -- extracted, partial, exception, held, skipped; new: to be tried again
  reason TEXT NOT NULL,      -- why it is not extracted; empty where it is
  results TEXT NOT NULL,     -- JSON: files below results/
  answered_by TEXT,          -- the document of which this one is a copy, and whose Result is its own
  PRIMARY KEY (target, document_id)
);
CREATE INDEX IF NOT EXISTS outcomes_document ON outcomes (document_id);

CREATE TABLE IF NOT EXISTS screened (     -- documents that a privilege screen has looked at
  document_id TEXT PRIMARY KEY,
  screen TEXT NOT NULL,      -- fingerprint of the lists it was screened with
  found TEXT NOT NULL        -- JSON: what it is flagged for by itself
);

CREATE TABLE IF NOT EXISTS releases (     -- documents that a person has cleared of privilege
  document_id TEXT PRIMARY KEY,
  released_at TEXT NOT NULL,
  released_by TEXT NOT NULL,
  why TEXT NOT NULL
);

-- Calls by column, so that they can be summed. `slot` counts latencies in steps of 5 % from a millisecond on
-- (service/store/call_rows.py); `day` counts days since 1970, UTC; `retry` counts how often the same call had failed before.
ALTER TABLE calls ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN document TEXT;
ALTER TABLE calls ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN prompt TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN purpose TEXT NOT NULL DEFAULT 'ask';
ALTER TABLE calls ADD COLUMN finish TEXT NOT NULL DEFAULT 'error';
ALTER TABLE calls ADD COLUMN prompt_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN answer_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN usd REAL;
ALTER TABLE calls ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN retry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN error TEXT;

CREATE TEMPORARY TABLE slots (slot INTEGER PRIMARY KEY, least REAL NOT NULL);
INSERT INTO slots
WITH RECURSIVE made (slot, least) AS (SELECT 1, 0.001 UNION ALL SELECT slot + 1, least * 1.05 FROM made WHERE slot < 400)
SELECT slot, least FROM made;

UPDATE calls SET
    tenant = coalesce((SELECT tenant FROM jobs WHERE jobs.id = calls.job), ''),
    model = json_extract(attempt, '$.model'),
    prompt = json_extract(attempt, '$.prompt'),
    fingerprint = json_extract(attempt, '$.fingerprint'),
    purpose = coalesce(json_extract(attempt, '$.purpose'), 'ask'),
    finish = json_extract(attempt, '$.finish'),
    prompt_tokens = coalesce(json_extract(attempt, '$.prompt_tokens'), 0),
    answer_tokens = coalesce(json_extract(attempt, '$.answer_tokens'), 0),
    cached_tokens = coalesce(json_extract(attempt, '$.cached_tokens'), 0),
    usd = json_extract(attempt, '$.usd'),
    seconds = coalesce(json_extract(attempt, '$.seconds'), 0),
    slot = coalesce((SELECT max(slot) FROM slots WHERE least <= json_extract(attempt, '$.seconds')), 0),
    day = CAST(at / 86400 AS INTEGER),
    stored = coalesce(json_extract(attempt, '$.stored'), 0),
    error = json_extract(attempt, '$.error');
DROP TABLE slots;
ALTER TABLE calls DROP COLUMN attempt;

CREATE INDEX calls_by_time ON calls (at, id);
CREATE INDEX calls_by_tenant ON calls (tenant, at, id);
CREATE INDEX calls_by_document ON calls (document, at, id) WHERE document IS NOT NULL;
DROP INDEX calls_by_job;
CREATE INDEX calls_by_job ON calls (job, at, id) WHERE job IS NOT NULL;

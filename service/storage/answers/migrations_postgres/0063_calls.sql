-- Calls by column, so that they can be summed. See the same step for SQLite.
ALTER TABLE calls
    ADD COLUMN tenant TEXT NOT NULL DEFAULT '',
    ADD COLUMN document TEXT,
    ADD COLUMN model TEXT NOT NULL DEFAULT '',
    ADD COLUMN prompt TEXT NOT NULL DEFAULT '',
    ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '',
    ADD COLUMN purpose TEXT NOT NULL DEFAULT 'ask',
    ADD COLUMN finish TEXT NOT NULL DEFAULT 'error',
    ADD COLUMN prompt_tokens BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN answer_tokens BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN cached_tokens BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN usd DOUBLE PRECISION,
    ADD COLUMN seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN slot BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN day BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stored BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN retry BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN error TEXT;

UPDATE calls SET
    tenant = coalesce((SELECT tenant FROM jobs WHERE jobs.id = calls.job), ''),
    model = attempt::json ->> 'model',
    prompt = attempt::json ->> 'prompt',
    fingerprint = attempt::json ->> 'fingerprint',
    purpose = coalesce(attempt::json ->> 'purpose', 'ask'),
    finish = attempt::json ->> 'finish',
    prompt_tokens = coalesce((attempt::json ->> 'prompt_tokens')::bigint, 0),
    answer_tokens = coalesce((attempt::json ->> 'answer_tokens')::bigint, 0),
    cached_tokens = coalesce((attempt::json ->> 'cached_tokens')::bigint, 0),
    usd = (attempt::json ->> 'usd')::float8,
    seconds = coalesce((attempt::json ->> 'seconds')::float8, 0),
    slot = CASE WHEN coalesce((attempt::json ->> 'seconds')::float8, 0) < 0.001 THEN 0
        ELSE 1 + floor(ln((attempt::json ->> 'seconds')::float8 / 0.001) / ln(1.05) + 1e-9) END,
    day = floor(at / 86400),
    stored = coalesce((attempt::json ->> 'stored')::boolean, false)::int,
    error = attempt::json ->> 'error';
ALTER TABLE calls DROP COLUMN attempt;

CREATE INDEX calls_by_time ON calls (at, id);
CREATE INDEX calls_by_tenant ON calls (tenant, at, id);
CREATE INDEX calls_by_document ON calls (document, at, id) WHERE document IS NOT NULL;
DROP INDEX calls_by_job;
CREATE INDEX calls_by_job ON calls (job, at, id) WHERE job IS NOT NULL;

-- What each tenant spent on each day. See the same step for SQLite.
CREATE TABLE spent (
    tenant TEXT NOT NULL,
    day BIGINT NOT NULL,
    part TEXT NOT NULL,
    usd DOUBLE PRECISION NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (tenant, day, part)
);
CREATE INDEX spent_by_day ON spent (day);
INSERT INTO spent (tenant, day, part, usd, tokens)
    SELECT tenant, day, '', sum(coalesce(usd, 0.0)), sum(prompt_tokens + answer_tokens)
    FROM calls WHERE stored = 0 AND tenant <> '' GROUP BY tenant, day;

-- Thresholds of budgets that were passed, each once a period; `due` while its webhook is to be called. Body is JSON.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL,
    due DOUBLE PRECISION,
    attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX alerts_due ON alerts (due) WHERE due IS NOT NULL;

-- Tasks that wait for a budget's next period.
CREATE INDEX tasks_held ON tasks (tenant) WHERE state = 'todo' AND stage = 'held';

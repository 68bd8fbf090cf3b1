-- Tasks whose questions are in a batch: one that no open Task wants any more is cancelled.
CREATE TABLE batch_wants (
    batch TEXT NOT NULL,
    job TEXT NOT NULL,
    task BIGINT NOT NULL,
    PRIMARY KEY (batch, job, task)
);

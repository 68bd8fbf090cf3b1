-- How often a Task's process died: one that was worked on when a worker died is worked on apart, so that it kills no other.
ALTER TABLE tasks ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;

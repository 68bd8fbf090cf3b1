-- Jobs that import into a matter name it; all others have none.
ALTER TABLE jobs ADD COLUMN matter TEXT;
CREATE INDEX jobs_matter ON jobs (tenant, matter, id) WHERE matter IS NOT NULL;

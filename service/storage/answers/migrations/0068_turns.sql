-- Tenants take turns: the waiting Tasks of each are found by its name.
CREATE INDEX tasks_by_turn ON tasks (tenant, priority DESC, due, job, number) WHERE state = 'todo';

-- What a shop decided itself, and which windows of a complaint run, by which rules.
alter table shops add column settings text;      -- JSON; null: nothing
alter table complaints add column windows text;  -- JSON; null: the window is the source's

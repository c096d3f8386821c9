"""Pages of the journal by topic: the diary, its charts, the report for a visit."""

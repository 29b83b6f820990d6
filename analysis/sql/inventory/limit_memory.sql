-- Purpose: keep the reading of an inventory within a few hundred megabytes; what does not fit is spilled beside the catalogue.
-- Parameters: none. Columns: none.
SET memory_limit = '300MB';

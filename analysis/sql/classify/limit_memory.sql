-- Purpose: keep an analysis within two gigabytes on any machine; what does not fit is spilled beside the catalogue.
-- Parameters: none.
SET memory_limit = '1500MB';

-- Purpose: forget what an earlier scan of a checkout said for one environment.
-- Parameters: checkout, env.
DELETE FROM code_reference WHERE checkout = $checkout AND env = $env;

-- Purpose: forget what an earlier scan of a checkout found for one environment.
-- Parameters: checkout, env.
DELETE FROM code_finding WHERE checkout = $checkout AND env = $env;

-- Purpose: bytes of dated partitions by age, in the groups of facts_partition_reads.
-- Parameters: bucket, snapshot, as_of.
-- Columns: prefix, age_days, bytes.
SELECT prefix,
    CASE WHEN age <= 30 THEN greatest(age, 0) WHEN age <= 60 THEN 31 WHEN age <= 90 THEN 61 WHEN age <= 180 THEN 91
         WHEN age <= 365 THEN 181 ELSE 366 END AS age_days,
    sum(bytes)::BIGINT AS bytes
FROM (SELECT hash(folder) AS key, date_diff('day', partition_date, $as_of) AS age, bytes FROM folder_stats
      WHERE bucket = $bucket AND snapshot_date = $snapshot AND partition_date IS NOT NULL)
JOIN subfolder_key USING (key)
GROUP BY ALL
ORDER BY ALL;

-- The first record that cannot be rated.
SELECT record_id, CAST(amount AS DECIMAL(38, 12)) AS amount, period_start, period_end
FROM records
WHERE amount < 0 OR amount >= 1000000000000000000 OR period_end <= period_start
ORDER BY record_id
LIMIT 1

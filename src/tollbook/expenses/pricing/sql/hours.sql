-- Measured usage that is charged, by hour where the commit is hourly, else by day.
SELECT
    t.line_id,
    t.region_id,
    t.for_date,
    t.hour,
    SUM(CAST(t.measured - COALESCE(f.free, CAST(0 AS DECIMAL(38, 12))) AS DECIMAL(38, 12)))
        AS charged
FROM taken t
LEFT JOIN free f
    ON f.trial_id = t.trial_id
    AND f.line_id = t.line_id
    AND f.region_id = t.region_id
    AND f.for_date = t.for_date
    AND f.hour = t.hour
GROUP BY t.line_id, t.region_id, t.for_date, t.hour

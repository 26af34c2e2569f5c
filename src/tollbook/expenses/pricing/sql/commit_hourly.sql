-- The committed quantity in every hour of the day that is owed.
SELECT
    f.line_id,
    f.region_id,
    f.for_date,
    f.quantity,
    0 AS beyond,
    f.quantity AS part,
    s.price_whole,
    s.price_part
FROM fees f
JOIN stages s ON s.line_id = f.line_id AND s.threshold = 0
WHERE f.rule = 'commit_hourly'

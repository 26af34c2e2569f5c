-- What was used within hourly commits on each day, hour by hour, in measured units.
SELECT
    l.addendum_id,
    l.feature_id,
    h.region_id,
    h.for_date,
    l.unit_size,
    CAST(
        SUM(LEAST(h.charged, COALESCE(c.hourly_measured, l.hourly_measured))) AS DECIMAL(38, 12)
    ) AS used
FROM hours h
JOIN lines l ON l.line_id = h.line_id
LEFT JOIN region_commits c ON c.line_id = h.line_id AND c.region_id = h.region_id
WHERE COALESCE(c.is_hourly, l.is_hourly) = 1
GROUP BY l.addendum_id, l.feature_id, h.region_id, h.for_date, l.unit_size
ORDER BY l.addendum_id, l.feature_id, h.region_id, h.for_date, l.unit_size

-- A day's charged usage in measured units; under an hourly commit what exceeds it hour by hour.
SELECT
    h.line_id,
    h.region_id,
    h.for_date,
    SUM(
        CASE
            WHEN COALESCE(c.is_hourly, l.is_hourly) = 0 THEN h.charged
            ELSE GREATEST(
                CAST(0 AS DECIMAL(38, 12)),
                CAST(
                    h.charged - COALESCE(c.hourly_measured, l.hourly_measured) AS DECIMAL(38, 12)
                )
            )
        END
    ) AS measured
FROM hours h
JOIN lines l ON l.line_id = h.line_id
LEFT JOIN region_commits c ON c.line_id = h.line_id AND c.region_id = h.region_id
GROUP BY h.line_id, h.region_id, h.for_date

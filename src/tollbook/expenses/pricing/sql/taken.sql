-- Measured usage of each line; where its plan item is activated anew within a day, of the last.
SELECT
    COALESCE(h.to_line_id, p.line_id) AS line_id,
    s.region_id,
    s.for_date,
    CASE WHEN p.is_hourly = 1 THEN s.hour ELSE 0 END AS hour,
    COALESCE(t.trial_id, 0) AS trial_id,
    SUM(s.measured) AS measured
FROM slots s
JOIN placed p
    ON p.client_id = s.client_id
    AND p.feature_id = s.feature_id
    AND p.region_id = s.region_id
    AND p.addendum_id = s.addendum_id
    AND p.spell = s.spell
JOIN days d ON d.for_date = s.for_date
LEFT JOIN handovers h ON h.line_id = p.line_id AND h.for_date = s.for_date
LEFT JOIN spells t ON t.spell = s.spell
WHERE p.is_hourly = 0 OR s.spans = 0
GROUP BY 1, 2, 3, 4, 5

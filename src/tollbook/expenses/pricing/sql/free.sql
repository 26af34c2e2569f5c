-- How much of the usage within trials is free.
SELECT
    t.trial_id,
    t.line_id,
    t.region_id,
    t.for_date,
    t.hour,
    CASE
        WHEN t.for_date > e.last_day THEN CAST(0 AS DECIMAL(38, 12))
        WHEN a.free_amount IS NULL THEN t.measured
        ELSE GREATEST(
            CAST(0 AS DECIMAL(38, 12)),
            LEAST(t.measured, CAST(a.free_amount - (t.tried_to - t.measured) AS DECIMAL(38, 12)))
        )
    END AS free
FROM tried t
LEFT JOIN trial_limits a ON a.trial_id = t.trial_id AND a.feature_id = t.feature_id
LEFT JOIN trial_ends e ON e.trial_id = t.trial_id

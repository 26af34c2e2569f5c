-- Usage within trials, with what was used of the feature up to and with each row.
SELECT
    t.trial_id,
    l.feature_id,
    t.line_id,
    t.region_id,
    t.for_date,
    t.hour,
    t.measured,
    SUM(t.measured) OVER (
        PARTITION BY t.trial_id, l.feature_id
        ORDER BY t.for_date, t.hour, t.line_id, t.region_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS tried_to
FROM taken t
JOIN lines l ON l.line_id = t.line_id
WHERE t.trial_id > 0

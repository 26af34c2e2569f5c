-- Usage that no line takes, and why.
SELECT
    s.client_id,
    s.feature_id,
    s.region_id,
    CASE WHEN s.addendum_id = 0 THEN NULL ELSE s.addendum_id END AS addendum_id,
    s.for_date,
    CASE
        WHEN p.line_id IS NOT NULL THEN 'longer_than_an_hour'
        WHEN s.addendum_id <> 0 THEN 'not_in_addendum'
        WHEN t.trial_id > 0 THEN 'in_trial'
        ELSE 'no_contract'
    END AS reason,
    SUM(s.record_count) AS records,
    SUM(s.measured) AS amount
FROM slots s
JOIN days d ON d.for_date = s.for_date
LEFT JOIN spells t ON t.spell = s.spell
LEFT JOIN placed p
    ON p.client_id = s.client_id
    AND p.feature_id = s.feature_id
    AND p.region_id = s.region_id
    AND p.addendum_id = s.addendum_id
    AND p.spell = s.spell
WHERE p.line_id IS NULL OR (p.is_hourly = 1 AND s.spans = 1)
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4 NULLS FIRST, 5, 6

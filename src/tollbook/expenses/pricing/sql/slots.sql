-- Usage as it is measured, one row for what the same contracts judge alike on one day. An hourly
-- commit makes it by hour; "spans" marks records that are longer than their hour.
SELECT
    r.client_id,
    r.feature_id,
    r.region_id,
    COALESCE(r.addendum_id, 0) AS addendum_id,
    CAST(r.period_start AS DATE) AS for_date,
    COALESCE(s.spell, 0) AS spell,
    CASE WHEN s.hourly THEN CAST(EXTRACT(HOUR FROM r.period_start) AS INTEGER) ELSE 0 END AS hour,
    CASE
        WHEN s.hourly
        AND r.period_end > DATE_TRUNC('HOUR', r.period_start) + INTERVAL '1' HOUR THEN 1
        ELSE 0
    END AS spans,
    SUM(r.amount) AS measured,
    COUNT(*) AS record_count
FROM records r
LEFT JOIN spells s
    ON s.client_id = r.client_id
    AND s.feature_id = r.feature_id
    AND s.spell_from <= r.period_start
    AND r.period_start < s.spell_to
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8

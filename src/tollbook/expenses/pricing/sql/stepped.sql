-- Graduated: each slice of the usage at its own stage's price.
SELECT
    m.line_id,
    m.region_id,
    m.for_date,
    m.quantity,
    m.beyond,
    CASE
        WHEN s.line_id IS NULL THEN CAST(0 AS DECIMAL(38, 12))
        ELSE CAST(
            LEAST(m.used_to, s.upper) - GREATEST(m.used_before, s.threshold) AS DECIMAL(38, 12)
        )
    END AS part,
    s.price_whole,
    s.price_part
FROM metered m
LEFT JOIN stages s
    ON s.line_id = m.line_id
    AND s.threshold < m.used_to
    AND m.used_before < s.upper
WHERE m.rule = 'stepped'

-- Volume: all usage at the price of the stage it reaches, less what the usage before had cost.
SELECT
    m.line_id,
    m.region_id,
    m.for_date,
    m.quantity,
    m.beyond,
    CAST(
        CASE
            WHEN s.reached_from <= m.used_to AND m.used_to < s.reached_below THEN m.used_to
            ELSE CAST(0 AS DECIMAL(38, 12))
        END
        - CASE
            WHEN s.reached_from <= m.used_before AND m.used_before < s.reached_below THEN m.used_before
            ELSE CAST(0 AS DECIMAL(38, 12))
        END
        AS DECIMAL(38, 12)
    ) AS part,
    s.price_whole,
    s.price_part
FROM metered m
JOIN stages s
    ON s.line_id = m.line_id
    AND (
        (s.reached_from <= m.used_to AND m.used_to < s.reached_below)
        OR (s.reached_from <= m.used_before AND m.used_before < s.reached_below)
    )
WHERE m.rule = 'staged'

-- Volume: all usage at the price of the stage it reaches, less what the usage before had cost.
SELECT
    m.line_id,
    m.region_id,
    m.for_date,
    m.quantity,
    m.beyond,
    CAST(
        CASE
            WHEN s.threshold <= m.used_to AND m.used_to < s.upper THEN m.used_to
            ELSE CAST(0 AS DECIMAL(38, 12))
        END
        - CASE
            WHEN s.threshold <= m.used_before AND m.used_before < s.upper THEN m.used_before
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
        (s.threshold <= m.used_to AND m.used_to < s.upper)
        OR (s.threshold <= m.used_before AND m.used_before < s.upper)
    )
WHERE m.rule = 'staged'

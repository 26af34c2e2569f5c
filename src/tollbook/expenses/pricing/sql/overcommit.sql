-- What goes beyond the commit, in slices of the ladder, which starts at no excess.
SELECT
    m.line_id,
    m.region_id,
    m.for_date,
    m.quantity,
    m.beyond,
    CASE
        WHEN s.line_id IS NULL THEN CAST(0 AS DECIMAL(38, 12))
        ELSE CAST(
            LEAST(m.excess_to, s.upper) - GREATEST(m.excess_before, s.threshold)
            AS DECIMAL(38, 12)
        )
    END AS part,
    s.price_whole,
    s.price_part
FROM (
    SELECT
        *,
        GREATEST(
            CAST(0 AS DECIMAL(38, 12)), CAST(used_to - committed AS DECIMAL(38, 12))
        ) AS excess_to,
        GREATEST(
            CAST(0 AS DECIMAL(38, 12)), CAST(used_before - committed AS DECIMAL(38, 12))
        ) AS excess_before
    FROM metered
    WHERE rule = 'overcommit'
) m
LEFT JOIN stages s
    ON s.line_id = m.line_id
    AND s.threshold < m.excess_to
    AND m.excess_before < s.upper

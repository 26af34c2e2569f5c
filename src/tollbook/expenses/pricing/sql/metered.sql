-- Each day's billed units with what was used before in the month by the same meter: addendum,
-- feature, region and unit.
SELECT
    line_id,
    region_id,
    for_date,
    rule,
    quantity,
    CASE WHEN beyond = 1 THEN CAST(0 AS DECIMAL(38, 12)) ELSE committed END AS committed,
    CASE
        WHEN beyond = 1 THEN CAST(0 AS DECIMAL(38, 12))
        ELSE CAST(used_to - quantity AS DECIMAL(38, 12))
    END AS used_before,
    CASE WHEN beyond = 1 THEN CAST(0 AS DECIMAL(38, 12)) ELSE used_to END AS used_to,
    beyond
FROM (
    SELECT
        *,
        CASE
            WHEN was_beyond = 1 THEN 1
            WHEN CAST(used_to AS DOUBLE) >= 9e17 THEN 1
            WHEN CAST(used_to AS DOUBLE) * CAST(top_price AS DOUBLE) >= 9e12 THEN 1
            ELSE 0
        END AS beyond
    FROM (
        SELECT
            b.line_id,
            b.region_id,
            b.for_date,
            b.quantity,
            b.beyond AS was_beyond,
            l.rule,
            COALESCE(c.committed, l.committed) AS committed,
            l.top_price,
            CAST(
                SUM(b.quantity) OVER (
                    PARTITION BY l.addendum_id, l.feature_id, b.region_id, l.unit_size
                    ORDER BY b.for_date, l.active_from, b.line_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS DECIMAL(38, 12)
            ) AS used_to
        FROM billed b
        JOIN lines l ON l.line_id = b.line_id
        LEFT JOIN region_commits c ON c.line_id = b.line_id AND c.region_id = b.region_id
        WHERE b.quantity <> 0 OR b.beyond = 1
    ) cumulated
) guarded

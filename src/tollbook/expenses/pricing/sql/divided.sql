-- "measured" in steps of the line, exactly: whole steps and the rest, at most half a step either
-- way. Estimates come from floating point; what they miss is taken exactly and estimated again.
-- "beyond" marks what is past the range in which all of this holds; it is an error in the end.
SELECT
    line_id,
    region_id,
    for_date,
    beyond,
    step,
    CAST(first_whole + second_whole AS DECIMAL(19, 0)) AS whole,
    CAST(
        first_rest - CAST(second_whole * step_whole AS DECIMAL(38, 12))
        - CAST(second_whole * step_part AS DECIMAL(38, 12)) AS DECIMAL(30, 12)
    ) AS rest
FROM (
    SELECT
        *,
        CAST(CAST(first_rest AS DOUBLE) / CAST(step AS DOUBLE) AS DECIMAL(19, 0)) AS second_whole
    FROM (
        SELECT
            *,
            CAST(
                measured - CAST(first_whole * step_whole AS DECIMAL(38, 12))
                - CAST(first_whole * step_part AS DECIMAL(38, 12)) AS DECIMAL(38, 12)
            ) AS first_rest
        FROM (
            SELECT
                *,
                CAST(CAST(measured AS DOUBLE) / CAST(step AS DOUBLE) AS DECIMAL(19, 0))
                    AS first_whole
            FROM (
                SELECT
                    m.line_id,
                    m.region_id,
                    m.for_date,
                    l.step,
                    l.step_whole,
                    l.step_part,
                    CASE
                        WHEN CAST(m.measured AS DOUBLE) / CAST(l.step AS DOUBLE) >= 9e17
                            OR CAST(m.measured AS DOUBLE) / CAST(l.unit_size AS DOUBLE) >= 9e17
                            THEN 1
                        ELSE 0
                    END AS beyond,
                    CASE
                        WHEN CAST(m.measured AS DOUBLE) / CAST(l.step AS DOUBLE) >= 9e17
                            OR CAST(m.measured AS DOUBLE) / CAST(l.unit_size AS DOUBLE) >= 9e17
                            THEN CAST(0 AS DECIMAL(38, 12))
                        ELSE CAST(m.measured AS DECIMAL(38, 12))
                    END AS measured
                FROM measured_days m
                JOIN lines l ON l.line_id = m.line_id
            ) guarded
        ) estimated
    ) left_over
) estimated_again

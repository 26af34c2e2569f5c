-- Billed units of each day: a multiple by the rounding rule or, without one, half up at the twelfth
-- decimal, found six digits at a time.
SELECT
    line_id,
    region_id,
    for_date,
    CASE WHEN beyond = 1 OR steps >= 900000000000000000 THEN 1 ELSE 0 END AS beyond,
    CASE
        WHEN round_way <> 0 THEN CAST(
            CAST(steps * multiple_whole AS DECIMAL(38, 12))
            + CAST(steps * multiple_part AS DECIMAL(38, 12)) AS DECIMAL(38, 12)
        )
        ELSE CAST(
            CAST(whole AS DECIMAL(38, 12))
            + CAST(millionths * CAST(0.000001 AS DECIMAL(6, 6)) AS DECIMAL(38, 12))
            + CAST(last_digits * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(38, 12))
            AS DECIMAL(38, 12)
        )
    END AS quantity
FROM (
    SELECT
        *,
        CASE
            WHEN round_way > 0 AND rest > 0 THEN CAST(whole + 1 AS DECIMAL(19, 0))
            WHEN round_way < 0 AND rest < 0 THEN CAST(whole - 1 AS DECIMAL(19, 0))
            ELSE whole
        END AS steps,
        CAST(
            CASE
                WHEN fine_rest + fine_rest >= step THEN fine_digits + 1
                WHEN fine_rest + fine_rest < -step THEN fine_digits - 1
                ELSE fine_digits
            END AS DECIMAL(19, 0)
        ) AS last_digits
    FROM (
        SELECT
            *,
            CAST(
                CAST(millionth_rest * CAST(1000000 AS DECIMAL(7, 0)) AS DECIMAL(38, 12))
                - CAST(fine_digits * step_whole AS DECIMAL(38, 12))
                - CAST(fine_digits * step_part AS DECIMAL(38, 12)) AS DECIMAL(38, 12)
            ) AS fine_rest
        FROM (
            SELECT
                *,
                CAST(
                    1e6 * CAST(millionth_rest AS DOUBLE) / CAST(step AS DOUBLE) AS DECIMAL(19, 0)
                ) AS fine_digits
            FROM (
                SELECT
                    *,
                    CAST(
                        CAST(rest * CAST(1000000 AS DECIMAL(7, 0)) AS DECIMAL(38, 12))
                        - CAST(millionths * step_whole AS DECIMAL(38, 12))
                        - CAST(millionths * step_part AS DECIMAL(38, 12)) AS DECIMAL(30, 12)
                    ) AS millionth_rest
                FROM (
                    SELECT
                        d.*,
                        l.step_whole,
                        l.step_part,
                        l.multiple_whole,
                        l.multiple_part,
                        l.round_way,
                        CAST(
                            1e6 * CAST(d.rest AS DOUBLE) / CAST(d.step AS DOUBLE) AS DECIMAL(19, 0)
                        ) AS millionths
                    FROM divided d
                    JOIN lines l ON l.line_id = d.line_id
                ) in_millionths
            ) left_over
        ) in_fine_digits
    ) left_over_again
) digits

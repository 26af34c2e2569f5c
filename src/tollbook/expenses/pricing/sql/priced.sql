-- Slices to amounts, exact to 24 decimals: whole and broken parts are multiplied apart, so that no
-- product has more than 38 digits.
SELECT
    line_id,
    region_id,
    for_date,
    MAX(quantity) AS quantity,
    MAX(beyond) AS beyond,
    COALESCE(
        SUM(
            CAST(
                CAST(part_whole * price_whole AS DECIMAL(38, 24))
                + CAST(part_whole * price_part AS DECIMAL(38, 24))
                + CAST(part_part * price_whole AS DECIMAL(38, 24))
                + CAST(part_part * price_part AS DECIMAL(38, 24)) AS DECIMAL(38, 24)
            )
        ),
        CAST(0 AS DECIMAL(38, 24))
    ) AS rated
FROM (
    SELECT
        line_id,
        region_id,
        for_date,
        quantity,
        beyond,
        price_whole,
        price_part,
        CAST(FLOOR(part) AS DECIMAL(19, 0)) AS part_whole,
        CAST(part - FLOOR(part) AS DECIMAL(19, 12)) AS part_part
    FROM slices
) parts
GROUP BY line_id, region_id, for_date

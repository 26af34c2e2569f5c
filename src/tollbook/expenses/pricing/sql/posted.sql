-- Discount and tax: what the ledger stores. "kept" is the share that the discount leaves; amounts
-- are taken apart into units, their first twelve decimals and the twelve behind, in "trillionths".
SELECT
    line_id,
    region_id,
    for_date,
    period_start,
    period_end,
    quantity AS usage,
    whole_amount AS rated,
    discount_id,
    CAST(whole_amount - net AS DECIMAL(38, 12)) AS discount_value,
    net AS money_value,
    tax_rate,
    CAST(CAST(net AS DECIMAL(32, 12)) * tax_share AS DECIMAL(38, 12)) AS tax_value,
    beyond
FROM (
    SELECT
        line_id,
        region_id,
        for_date,
        period_start,
        period_end,
        quantity,
        discount_id,
        tax_rate,
        tax_share,
        beyond,
        CAST(rated AS DECIMAL(38, 12)) AS whole_amount,
        CAST(
            CASE WHEN rated < 0 THEN -trillionths ELSE trillionths END
            * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(38, 12)
        ) AS net
    FROM (
        SELECT
            *,
            CAST(
                FLOOR(of_units) + FLOOR(of_middle)
                + CAST(
                    CAST(of_units - FLOOR(of_units) AS DECIMAL(36, 26))
                    + CAST(of_middle - FLOOR(of_middle) AS DECIMAL(36, 26))
                    + CAST(of_last AS DECIMAL(36, 26)) AS DECIMAL(19, 0)
                ) AS DECIMAL(26, 0)
            ) AS trillionths
        FROM (
            SELECT
                *,
                units * kept_trillionths AS of_units,
                middle * kept AS of_middle,
                CAST(in_trillionths - middle AS DECIMAL(19, 12)) * kept AS of_last
            FROM (
                SELECT
                    *,
                    CAST(FLOOR(in_trillionths) AS DECIMAL(19, 0)) AS middle
                FROM (
                    SELECT
                        *,
                        CAST(size - units AS DECIMAL(24, 24)) * CAST(1000000000000 AS DECIMAL(13, 0))
                            AS in_trillionths
                    FROM (
                        SELECT
                            *,
                            CAST(FLOOR(size) AS DECIMAL(19, 0)) AS units
                        FROM (
                            SELECT
                                p.line_id,
                                p.region_id,
                                p.for_date,
                                p.quantity,
                                p.rated,
                                p.beyond,
                                p.period_start,
                                p.period_end,
                                ABS(p.rated) AS size,
                                c.discount_id,
                                COALESCE(c.kept, CAST(1 AS DECIMAL(15, 14))) AS kept,
                                COALESCE(
                                    c.kept_trillionths,
                                    CAST(1000000000000 AS DECIMAL(15, 2))
                                ) AS kept_trillionths,
                                COALESCE(t.tax_rate, CAST(0 AS DECIMAL(5, 2))) AS tax_rate,
                                COALESCE(t.tax_share, CAST(0 AS DECIMAL(5, 4))) AS tax_share
                            FROM served p
                            LEFT JOIN discounts c
                                ON c.addendum_id = p.addendum_id
                                AND c.held_from <= p.period_start
                                AND p.period_start < c.held_to
                            LEFT JOIN taxes t ON t.client_id = p.client_id
                        ) owed
                    ) split_once
                ) split_twice
            ) split
        ) kept_parts
    ) rounded
) net_amounts
ORDER BY line_id, region_id, for_date

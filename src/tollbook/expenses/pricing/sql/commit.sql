-- The fee of the month for the committed quantity; its share of the month is in "fee" already.
SELECT
    line_id,
    region_id,
    for_date,
    quantity,
    0 AS beyond,
    fee AS part,
    CAST(1 AS DECIMAL(18, 0)) AS price_whole,
    CAST(0 AS DECIMAL(12, 12)) AS price_part
FROM fees
WHERE rule = 'commit'

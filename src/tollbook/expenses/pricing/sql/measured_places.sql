-- Where and on which days the clients used something at all.
SELECT DISTINCT
    r.client_id,
    r.feature_id,
    r.region_id,
    CAST(r.period_start AS DATE) AS for_date
FROM records r
JOIN clients c ON c.client_id = r.client_id

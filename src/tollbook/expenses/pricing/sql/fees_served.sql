-- Rated fees with when they are owed for.
SELECT p.*, f.addendum_id, f.client_id, f.period_start, f.period_end
FROM priced p
JOIN fees f
    ON f.line_id = p.line_id AND f.region_id = p.region_id AND f.for_date = p.for_date

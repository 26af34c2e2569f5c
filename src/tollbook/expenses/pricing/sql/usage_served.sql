-- Rated days with when they were served: from midnight or the activation, to midnight or the stop.
SELECT
    p.*,
    l.addendum_id,
    l.client_id,
    GREATEST(d.day_start, COALESCE(h.served_from, l.active_from)) AS period_start,
    LEAST(d.day_end, COALESCE(h.served_to, l.active_to)) AS period_end
FROM priced p
JOIN lines l ON l.line_id = p.line_id
JOIN days d ON d.for_date = p.for_date
LEFT JOIN handovers h ON h.line_id = p.line_id AND h.for_date = p.for_date

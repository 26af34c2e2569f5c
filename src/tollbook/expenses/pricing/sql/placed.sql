-- The line that takes usage: of the lowest addendum, there one that names the region before one
-- that takes any, then the lowest.
SELECT client_id, feature_id, region_id, addendum_id, spell, line_id, is_hourly
FROM (
    SELECT
        p.client_id,
        p.feature_id,
        p.region_id,
        p.addendum_id,
        p.spell,
        l.line_id,
        COALESCE(c.is_hourly, l.is_hourly) AS is_hourly,
        ROW_NUMBER() OVER (
            PARTITION BY p.client_id, p.feature_id, p.region_id, p.addendum_id, p.spell
            ORDER BY l.addendum_id, l.any_region, l.line_id
        ) AS preference
    FROM (SELECT DISTINCT client_id, feature_id, region_id, addendum_id, spell FROM slots) p
    CROSS JOIN month m
    LEFT JOIN spells s ON s.spell = p.spell
    JOIN places l
        ON l.client_id = p.client_id
        AND l.feature_id = p.feature_id
        AND (l.any_region = 1 OR l.region_id = p.region_id)
        AND (p.addendum_id = 0 OR l.addendum_id = p.addendum_id)
        AND l.active_from <= COALESCE(s.spell_from, m.month_start)
        AND COALESCE(s.spell_from, m.month_start) < l.active_to
    LEFT JOIN region_commits c ON c.line_id = l.line_id AND c.region_id = p.region_id
) preferred
WHERE preference = 1

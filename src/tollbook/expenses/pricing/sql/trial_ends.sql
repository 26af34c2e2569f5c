-- The last free day of each trial of which a limit is used up.
SELECT t.trial_id, MIN(t.for_date) AS last_day
FROM tried t
JOIN trial_limits a
    ON a.trial_id = t.trial_id
    AND a.feature_id = t.feature_id
    AND a.ends_trial = 1
    AND t.tried_to >= a.free_amount
GROUP BY t.trial_id

-- Do one country's acts towards another get better or worse: seven-day mean of the Goldstein scale?
-- param: actor = 'XKA'
-- param: recipient = 'XZE'
WITH days AS (
  SELECT
    event_date,
    COUNT(*) AS num_events,
    SUM(goldstein_scale) AS total
  FROM events
  WHERE actor_country = $actor
    AND recipient_country = $recipient
    AND goldstein_scale IS NOT NULL
    AND event_date_precision IN ('day', 'week')
  GROUP BY event_date
)
SELECT
  d.event_date,
  d.num_events,
  ROUND(SUM(w.total) / SUM(w.num_events), 2) AS goldstein_7_days
FROM days AS d
JOIN days AS w
  ON w.event_date <= d.event_date
  AND DATE_DIFF('day', w.event_date, d.event_date) < 7
GROUP BY
  d.event_date,
  d.num_events
ORDER BY d.event_date

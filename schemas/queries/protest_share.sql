-- Where is protest a growing share of all events, by country and week?
WITH weeks AS (
  SELECT
    CAST(DATE_TRUNC('week', event_date) AS DATE) AS week,
    country,
    COUNT(CASE WHEN event_type = 'PROTEST' THEN 1 END) AS num_protests,
    COUNT(*) AS num_events,
    COUNT(CASE WHEN event_type = 'PROTEST' THEN 1 END) / COUNT(*) AS share
  FROM events
  WHERE country IS NOT NULL
    AND event_date_precision IN ('day', 'week')
  GROUP BY
    1,
    2
)
SELECT
  w.week,
  w.country,
  w.num_protests,
  w.num_events,
  ROUND(w.share, 3) AS protest_share,
  ROUND(w.share - b.share, 3) AS against_week_before
FROM weeks AS w
LEFT JOIN weeks AS b
  ON b.country = w.country
  AND DATE_DIFF('day', b.week, w.week) = 7
ORDER BY
  w.week DESC,
  w.share DESC,
  w.country

-- Where is protest a growing share of all events, by country and week?
SELECT
  CAST(DATE_TRUNC('week', event_date) AS DATE) AS week,
  country,
  COUNT(CASE WHEN event_type = 'PROTEST' THEN 1 END) AS num_protests,
  COUNT(*) AS num_events,
  ROUND(COUNT(CASE WHEN event_type = 'PROTEST' THEN 1 END) / COUNT(*), 3) AS protest_share
FROM events
WHERE country IS NOT NULL
  AND event_date IS NOT NULL
GROUP BY
  1,
  2
ORDER BY
  1,
  5 DESC,
  2

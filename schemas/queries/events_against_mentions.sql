-- How much do reports inflate events: distinct events against mentions, by country and type?
SELECT
  country,
  event_type,
  COUNT(*) AS num_events,
  SUM(num_mentions) AS num_mentions,
  ROUND(SUM(num_mentions) / COUNT(*), 2) AS inflation,
  ROUND(AVG(num_sources), 2) AS mean_sources
FROM events
WHERE event_type IS NOT NULL
GROUP BY
  1,
  2
ORDER BY
  4 DESC,
  1,
  2

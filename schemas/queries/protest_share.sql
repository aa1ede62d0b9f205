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
  week,
  country,
  num_protests,
  num_events,
  ROUND(share, 3) AS protest_share,
  ROUND(share - LAG(share) OVER (PARTITION BY country ORDER BY week), 3) AS against_week_before
FROM weeks
ORDER BY
  week DESC,
  protest_share DESC,
  country

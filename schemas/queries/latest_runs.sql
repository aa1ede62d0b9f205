-- How did the last runs go, and how much did they bring?
SELECT
  started_at,
  status,
  source,
  num_feeds,
  num_entries,
  num_articles,
  num_events,
  num_duplicates,
  num_rejections,
  ROUND(seconds, 1) AS seconds,
  run_id
FROM runs
ORDER BY
  started_at DESC,
  run_id DESC

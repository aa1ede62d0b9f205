-- Which feeds are alive, and why not?
SELECT
  feed,
  url,
  state,
  last_reason,
  last_detail,
  last_success_at,
  consecutive_failures,
  num_entries_taken,
  silent_hours
FROM feed_health
ORDER BY
  CASE WHEN state = 'alive' THEN 1 ELSE 0 END,
  state,
  feed

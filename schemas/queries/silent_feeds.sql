-- Which feeds are failing, silent or never read, and why?
SELECT
  feed,
  state,
  last_reason,
  last_detail,
  consecutive_failures,
  silent_hours,
  url
FROM feed_health
WHERE state <> 'alive'
ORDER BY
  state,
  feed

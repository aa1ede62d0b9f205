-- What happened on each day, by type?
SELECT
  event_date,
  event_type,
  quad_class,
  COUNT(*) AS num_events
FROM events
WHERE event_date_precision IN ('second', 'minute', 'day', 'week')
GROUP BY
  event_date,
  event_type,
  quad_class
ORDER BY
  event_date,
  event_type,
  quad_class

-- Who deals with whom, and how: quad counts of country pairs by month?
SELECT
  CAST(DATE_TRUNC('month', event_date) AS DATE) AS month,
  actor_country,
  recipient_country,
  COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS verbal_cooperation,
  COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS material_cooperation,
  COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS verbal_conflict,
  COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS material_conflict
FROM events
WHERE actor_country <> recipient_country
  AND event_date_precision IN ('day', 'week', 'month')
GROUP BY
  1,
  2,
  3
ORDER BY
  1,
  2,
  3

-- Who deals most with whom, and how?
SELECT
  actor_name,
  recipient_name,
  COUNT(*) AS num_events,
  COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS num_verbal_cooperation,
  COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS num_material_cooperation,
  COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS num_verbal_conflict,
  COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS num_material_conflict,
  ROUND(AVG(goldstein_scale), 1) AS mean_goldstein
FROM events
WHERE actor_name IS NOT NULL
  AND recipient_name IS NOT NULL
GROUP BY
  actor_name,
  recipient_name
ORDER BY
  num_events DESC,
  actor_name,
  recipient_name

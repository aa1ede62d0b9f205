-- Who is most often the actor?
SELECT
  actor_name AS name,
  actor_country AS country,
  actor_sector AS sector,
  COUNT(*) AS num_events,
  COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS num_verbal_cooperation,
  COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS num_material_cooperation,
  COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS num_verbal_conflict,
  COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS num_material_conflict
FROM events
WHERE actor_name IS NOT NULL
GROUP BY
  1,
  2,
  3
ORDER BY
  num_events DESC,
  name,
  country,
  sector

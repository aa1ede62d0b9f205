-- Where did it happen?
SELECT
  place_name,
  country,
  latitude,
  longitude,
  COUNT(*) AS num_events,
  COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS num_verbal_cooperation,
  COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS num_material_cooperation,
  COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS num_verbal_conflict,
  COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS num_material_conflict
FROM events
WHERE latitude IS NOT NULL
  AND longitude IS NOT NULL
GROUP BY
  place_name,
  country,
  latitude,
  longitude
ORDER BY
  num_events DESC,
  place_name,
  country

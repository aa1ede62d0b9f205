-- Who is most often the recipient?
SELECT
  recipient_name AS name,
  recipient_country AS country,
  recipient_sector AS sector,
  COUNT(*) AS num_events,
  COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS num_verbal_cooperation,
  COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS num_material_cooperation,
  COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS num_verbal_conflict,
  COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS num_material_conflict
FROM events
WHERE recipient_name IS NOT NULL
GROUP BY
  1,
  2,
  3
ORDER BY
  num_events DESC,
  name,
  country,
  sector

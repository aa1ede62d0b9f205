-- Which stories are told most, by how many publishers, and how much of it is wire copy?
SELECT
  s.headline AS story,
  COUNT(*) AS num_articles,
  COUNT(DISTINCT a.publisher_domain) AS num_publishers,
  COUNT(a.syndicated_from) AS num_wire_copies,
  MIN(a.date_published) AS first_at,
  MAX(a.date_published) AS last_at,
  s.story_id
FROM stories AS s
JOIN articles_latest AS a
  ON a.story_id = s.story_id
GROUP BY
  1,
  7
HAVING COUNT(*) >= 2
ORDER BY
  2 DESC,
  5,
  s.story_id

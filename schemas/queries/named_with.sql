-- Who and what is named in the articles that name somebody or something?
-- param: name = 'Yarrun Liberation Front'
SELECT
  y.entity_type,
  y.name,
  COUNT(DISTINCT b.article_id) AS num_articles
FROM entities AS x
JOIN entity_mentions AS a
  ON a.entity_id = x.entity_id
JOIN articles_latest AS l
  ON l.revision_id = a.revision_id
JOIN entity_mentions AS b
  ON b.revision_id = a.revision_id
  AND b.entity_id <> a.entity_id
JOIN entities AS y
  ON y.entity_id = b.entity_id
WHERE LOWER(x.name) = LOWER($name)
  AND l.change_type <> 'withdrawn'
GROUP BY
  1,
  2
ORDER BY
  3 DESC,
  2,
  1

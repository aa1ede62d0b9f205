-- Each name an entity is known by in the latest texts, and how often.
SELECT
  e.entity_id,
  e.name,
  e.entity_type,
  e.country,
  e.sector,
  m.mention_text AS alias,
  COUNT(*) AS num_mentions,
  COUNT(DISTINCT m.article_id) AS num_articles
FROM entities AS e
JOIN entity_mentions AS m
  ON m.entity_id = e.entity_id
JOIN articles_latest AS a
  ON a.revision_id = m.revision_id
WHERE a.change_type <> 'withdrawn'
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6

-- Each name an entity is known by in the texts, and how often.
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
GROUP BY
  e.entity_id,
  e.name,
  e.entity_type,
  e.country,
  e.sector,
  m.mention_text

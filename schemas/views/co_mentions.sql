-- Who and what is named together: pairs of entities in one sentence of a latest revision.
WITH named AS (
  SELECT DISTINCT
    m.article_id,
    m.revision_id,
    m.sentence_index,
    m.entity_id
  FROM entity_mentions AS m
  JOIN articles_latest AS a
    ON a.revision_id = m.revision_id
  WHERE m.entity_id IS NOT NULL
    AND a.change_type <> 'withdrawn'
)
SELECT
  x.name AS entity,
  y.name AS other_entity,
  COUNT(*) AS num_sentences,
  COUNT(DISTINCT a.article_id) AS num_articles,
  a.entity_id,
  b.entity_id AS other_entity_id
FROM named AS a
JOIN named AS b
  ON b.revision_id = a.revision_id
  AND b.sentence_index = a.sentence_index
  AND b.entity_id > a.entity_id
JOIN entities AS x
  ON x.entity_id = a.entity_id
JOIN entities AS y
  ON y.entity_id = b.entity_id
GROUP BY
  1,
  2,
  5,
  6

-- Which edges make the network of who is named with whom in a sentence?
SELECT
  entity,
  other_entity,
  num_sentences,
  num_articles
FROM co_mentions
WHERE num_sentences >= 2
ORDER BY
  num_sentences DESC,
  entity,
  other_entity

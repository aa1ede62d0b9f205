-- What boilerplate is taken out, by which rule and on which sites?
SELECT
  b.rule,
  b.kind,
  COUNT(*) AS num_blocks,
  COUNT(DISTINCT a.publisher_domain) AS num_sites,
  MIN(b.text) AS example
FROM removed_blocks AS b
JOIN articles AS a
  ON a.article_id = b.article_id
GROUP BY
  1,
  2
ORDER BY
  3 DESC,
  1

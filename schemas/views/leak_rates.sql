-- How much boilerplate each feed brings, and in how many of its texts a line of it is left.
WITH known AS (
  SELECT DISTINCT
    a.publisher_domain,
    b.text
  FROM removed_blocks AS b
  JOIN articles AS a
    ON a.article_id = b.article_id
  WHERE b.kind IN ('promo', 'related', 'share', 'legal')
),
latest AS (
  SELECT
    article_id,
    feed_id,
    publisher_domain,
    revision_id,
    CONCAT(CHR(10), text, CHR(10)) AS lines
  FROM articles_latest
),
leaking AS (
  SELECT DISTINCT l.article_id
  FROM latest AS l
  JOIN known AS k
    ON k.publisher_domain = l.publisher_domain
    AND STRPOS(l.lines, CONCAT(CHR(10), k.text, CHR(10))) > 0
),
removed AS (
  SELECT
    revision_id,
    COUNT(*) AS num_removed_blocks,
    COUNT(DISTINCT rule) AS num_rules
  FROM removed_blocks
  GROUP BY revision_id
)
SELECT
  l.feed_id,
  COUNT(*) AS num_articles,
  COUNT(r.revision_id) AS num_articles_with_removed,
  COALESCE(SUM(r.num_removed_blocks), 0) AS num_removed_blocks,
  MAX(r.num_rules) AS most_rules_in_an_article,
  COUNT(k.article_id) AS num_leaking_articles,
  COUNT(k.article_id) / COUNT(*) AS leak_rate
FROM latest AS l
LEFT JOIN removed AS r
  ON r.revision_id = l.revision_id
LEFT JOIN leaking AS k
  ON k.article_id = l.article_id
GROUP BY l.feed_id

-- Which stories are told most, and in which articles? At most twelve articles for each of thirty.
WITH told AS (
  SELECT
    a.story_id,
    a.headline,
    a.publisher_domain,
    a.date_published,
    a.change_type,
    a.url,
    a.syndicated_from,
    ROW_NUMBER() OVER (PARTITION BY a.story_id ORDER BY a.date_published, a.article_id) AS nth,
    COUNT(*) OVER (PARTITION BY a.story_id) AS num_articles
  FROM articles_latest AS a
  WHERE a.story_id IS NOT NULL
),
counted AS (
  SELECT
    story_id,
    num_articles,
    COUNT(DISTINCT publisher_domain) AS num_publishers,
    MAX(date_published) AS last_at,
    ROW_NUMBER() OVER (ORDER BY num_articles DESC, MAX(date_published) DESC, story_id) AS place
  FROM told
  GROUP BY
    story_id,
    num_articles
)
SELECT
  c.place,
  s.headline AS story,
  c.num_articles,
  c.num_publishers,
  c.last_at,
  t.headline,
  t.publisher_domain,
  t.date_published,
  t.change_type,
  t.syndicated_from IS NOT NULL AS is_wire_copy,
  t.url
FROM counted AS c
JOIN stories AS s
  ON s.story_id = c.story_id
JOIN told AS t
  ON t.story_id = c.story_id
WHERE c.place <= 30
  AND c.num_articles > 1
  AND t.nth <= 12
ORDER BY
  c.place,
  t.nth

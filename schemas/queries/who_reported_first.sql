-- Who broke each story, and how long did the others take?
WITH firsts AS (
  SELECT
    story_id,
    publisher_domain,
    MIN(date_published) AS first_at
  FROM articles_latest
  WHERE story_id IS NOT NULL
    AND date_published_precision IN ('second', 'minute')
  GROUP BY
    1,
    2
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY story_id ORDER BY first_at, publisher_domain) AS nth,
    COUNT(*) OVER (PARTITION BY story_id) AS num_publishers
  FROM firsts
)
SELECT
  s.headline AS story,
  a.publisher_domain AS first_publisher,
  a.first_at,
  b.publisher_domain AS second_publisher,
  CAST(FLOOR((EPOCH(b.first_at) - EPOCH(a.first_at)) / 60) AS BIGINT) AS minutes_later,
  a.num_publishers
FROM ranked AS a
JOIN ranked AS b
  ON b.story_id = a.story_id
  AND b.nth = 2
JOIN stories AS s
  ON s.story_id = a.story_id
WHERE a.nth = 1
ORDER BY
  a.num_publishers DESC,
  a.first_at,
  s.story_id

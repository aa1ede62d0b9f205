-- Who is suddenly in the news: articles of the last day against the week before?
WITH named AS (
  SELECT DISTINCT
    m.entity_id,
    a.article_id,
    a.date_published
  FROM entity_mentions AS m
  JOIN articles_latest AS a
    ON a.revision_id = m.revision_id
  WHERE m.entity_id IS NOT NULL
    AND a.change_type <> 'withdrawn'
),
latest AS (
  SELECT MAX(date_published) AS at
  FROM named
)
SELECT
  e.name,
  e.entity_type,
  COUNT(CASE WHEN n.date_published > l.at - INTERVAL 1 DAY THEN 1 END) AS last_day,
  ROUND(
    COUNT(
      CASE
        WHEN n.date_published <= l.at - INTERVAL 1 DAY
          AND n.date_published > l.at - INTERVAL 8 DAY
          THEN 1
      END
    ) / 7,
    2
  ) AS a_day_before
FROM named AS n
CROSS JOIN latest AS l
JOIN entities AS e
  ON e.entity_id = n.entity_id
GROUP BY
  e.entity_id,
  e.name,
  e.entity_type
HAVING COUNT(CASE WHEN n.date_published > l.at - INTERVAL 1 DAY THEN 1 END) >= 2
ORDER BY
  3 DESC,
  4,
  1

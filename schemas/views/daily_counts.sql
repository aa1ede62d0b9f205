-- What was published and what happened, by day.
WITH mentions AS (
  SELECT
    revision_id,
    COUNT(DISTINCT trigger_start) AS num_event_mentions
  FROM event_mentions
  GROUP BY revision_id
),
articles_by_day AS (
  SELECT
    CAST(a.date_published AS DATE) AS day,
    COUNT(*) AS num_articles,
    CAST(SUM(a.num_revisions) AS BIGINT) AS num_revisions,
    COUNT(DISTINCT a.publisher_domain) AS num_sources,
    CAST(SUM(m.num_event_mentions) AS BIGINT) AS num_event_mentions
  FROM articles_latest AS a
  LEFT JOIN mentions AS m
    ON m.revision_id = a.revision_id
  WHERE a.date_published IS NOT NULL
  GROUP BY 1
),
events_by_day AS (
  SELECT
    event_date AS day,
    COUNT(*) AS num_events,
    COUNT(CASE WHEN quad_class = 1 THEN 1 END) AS num_verbal_cooperation,
    COUNT(CASE WHEN quad_class = 2 THEN 1 END) AS num_material_cooperation,
    COUNT(CASE WHEN quad_class = 3 THEN 1 END) AS num_verbal_conflict,
    COUNT(CASE WHEN quad_class = 4 THEN 1 END) AS num_material_conflict
  FROM events
  WHERE event_date IS NOT NULL
    AND event_date_precision IN ('day', 'week')
  GROUP BY 1
)
SELECT
  COALESCE(a.day, e.day) AS day,
  COALESCE(a.num_articles, 0) AS num_articles,
  COALESCE(a.num_revisions, 0) AS num_revisions,
  COALESCE(a.num_sources, 0) AS num_sources,
  COALESCE(a.num_event_mentions, 0) AS num_event_mentions,
  COALESCE(e.num_events, 0) AS num_events,
  COALESCE(e.num_verbal_cooperation, 0) AS num_verbal_cooperation,
  COALESCE(e.num_material_cooperation, 0) AS num_material_cooperation,
  COALESCE(e.num_verbal_conflict, 0) AS num_verbal_conflict,
  COALESCE(e.num_material_conflict, 0) AS num_material_conflict
FROM articles_by_day AS a
FULL JOIN events_by_day AS e
  ON e.day = a.day

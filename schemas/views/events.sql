-- What happened, each event once: how often and by whom it was reported, with its best proof.
WITH told AS (
  SELECT
    m.event_id,
    m.revision_id,
    m.article_id,
    m.trigger_start,
    m.published_at,
    m.num_killed,
    m.num_injured,
    m.num_detained,
    m.num_displaced,
    a.publisher_domain,
    a.first_seen_at,
    COALESCE(m.actor_name, m.actor_text) AS actor,
    COALESCE(m.recipient_name, m.recipient_text) AS recipient,
    CONCAT(
      COALESCE(
        CAST(100000000000 + CAST(FLOOR(EPOCH(m.published_at)) AS BIGINT) AS VARCHAR),
        '999999999999'
      ),
      CASE WHEN m.actor_entity_id IS NULL THEN '1' ELSE '0' END,
      m.mention_id
    ) AS place_in_line
  FROM event_mentions AS m
  JOIN articles_latest AS a
    ON a.revision_id = m.revision_id
  WHERE m.polarity = 'positive'
    AND m.modality IN ('asserted', 'reported')
    AND a.change_type <> 'withdrawn'
),
counted AS (
  SELECT
    event_id,
    SUBSTR(MIN(place_in_line), 14) AS best_mention_id,
    LIST_AGGREGATE(LIST_SORT(LIST_DISTINCT(LIST(actor))), 'string_agg', '; ') AS actors,
    LIST_AGGREGATE(LIST_SORT(LIST_DISTINCT(LIST(recipient))), 'string_agg', '; ') AS recipients,
    COUNT(DISTINCT CONCAT(revision_id, '-', CAST(trigger_start AS VARCHAR))) AS num_mentions,
    COUNT(DISTINCT article_id) AS num_articles,
    COUNT(DISTINCT publisher_domain) AS num_sources,
    MAX(num_killed) AS num_killed,
    MAX(num_injured) AS num_injured,
    MAX(num_detained) AS num_detained,
    MAX(num_displaced) AS num_displaced,
    MIN(published_at) AS first_published_at,
    MIN(first_seen_at) AS first_seen_at
  FROM told
  GROUP BY event_id
)
SELECT
  m.event_id,
  m.event_date,
  m.event_date_end,
  m.event_date_precision,
  m.event_date_source,
  m.event_type,
  m.event_mode,
  m.predicate,
  m.cameo_root_code,
  m.quad_class,
  m.goldstein_scale,
  c.actors,
  m.actor_name,
  m.actor_entity_id,
  m.actor_country,
  m.actor_sector,
  c.recipients,
  m.recipient_name,
  m.recipient_entity_id,
  m.recipient_country,
  m.recipient_sector,
  m.place_name,
  m.place_source,
  m.country,
  m.admin1,
  m.latitude,
  m.longitude,
  c.num_mentions,
  c.num_articles,
  c.num_sources,
  c.num_killed,
  c.num_injured,
  c.num_detained,
  c.num_displaced,
  m.money_amount,
  m.money_currency,
  m.distance_km,
  c.first_published_at,
  c.first_seen_at,
  a.story_id,
  m.sentence_text,
  a.headline,
  a.url,
  m.mention_id,
  m.article_id,
  m.revision_id
FROM counted AS c
JOIN event_mentions AS m
  ON m.mention_id = c.best_mention_id
JOIN articles_latest AS a
  ON a.revision_id = m.revision_id

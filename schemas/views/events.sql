-- What happened, each event once: how often and by whom it was reported, with its best proof.
WITH told AS (
  SELECT
    m.*,
    a.publisher_domain,
    a.url,
    a.headline,
    a.story_id,
    COALESCE(m.actor_name, m.actor_text) AS actor,
    COALESCE(m.recipient_name, m.recipient_text) AS recipient,
    ROW_NUMBER() OVER (
      PARTITION BY m.event_id
      ORDER BY m.published_at NULLS LAST, m.actor_entity_id IS NULL, m.mention_id
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
    STRING_AGG(DISTINCT actor, '; ' ORDER BY actor) AS actors,
    STRING_AGG(DISTINCT recipient, '; ' ORDER BY recipient) AS recipients,
    COUNT(DISTINCT CONCAT(revision_id, '-', CAST(trigger_start AS VARCHAR))) AS num_mentions,
    COUNT(DISTINCT article_id) AS num_articles,
    COUNT(DISTINCT publisher_domain) AS num_sources,
    MAX(num_killed) AS num_killed,
    MAX(num_injured) AS num_injured,
    MAX(num_detained) AS num_detained,
    MAX(num_displaced) AS num_displaced,
    MIN(published_at) AS first_published_at
  FROM told
  GROUP BY event_id
)
SELECT
  t.event_id,
  t.event_date,
  t.event_date_end,
  t.event_date_precision,
  t.event_date_source,
  t.event_type,
  t.event_mode,
  t.predicate,
  t.cameo_root_code,
  t.quad_class,
  t.goldstein_scale,
  c.actors,
  t.actor_entity_id,
  t.actor_country,
  t.actor_sector,
  c.recipients,
  t.recipient_entity_id,
  t.recipient_country,
  t.recipient_sector,
  t.place_name,
  t.place_source,
  t.country,
  t.latitude,
  t.longitude,
  c.num_mentions,
  c.num_articles,
  c.num_sources,
  c.num_killed,
  c.num_injured,
  c.num_detained,
  c.num_displaced,
  c.first_published_at,
  t.story_id,
  t.sentence_text,
  t.headline,
  t.url
FROM told AS t
JOIN counted AS c
  ON c.event_id = t.event_id
WHERE t.place_in_line = 1

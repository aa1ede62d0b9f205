-- What happened last, and which words of which sentence prove it?
SELECT
  e.event_date,
  e.event_type,
  e.event_mode,
  e.predicate,
  e.quad_class,
  e.actors,
  e.recipients,
  e.place_name,
  e.num_sources,
  e.num_articles,
  e.headline,
  e.url,
  m.published_at,
  m.sentence_text,
  m.sentence_start,
  m.trigger_start,
  m.trigger_end,
  m.actor_start,
  m.actor_end,
  m.recipient_start,
  m.recipient_end,
  m.place_start,
  m.place_end,
  m.date_start,
  m.date_end
FROM events AS e
JOIN event_mentions AS m
  ON m.mention_id = e.mention_id
WHERE e.event_type IS NOT NULL
ORDER BY
  m.published_at DESC NULLS LAST,
  e.num_sources DESC,
  m.article_id,
  m.sentence_start,
  e.event_id
LIMIT 200

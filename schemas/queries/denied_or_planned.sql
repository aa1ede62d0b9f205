-- What was denied, planned, alleged or only possible, and so is not counted as an event?
SELECT
  m.published_at,
  m.modality,
  m.polarity,
  COALESCE(m.actor_name, m.actor_text) AS who,
  COALESCE(m.event_type, m.predicate) AS did_what,
  COALESCE(m.recipient_name, m.recipient_text) AS to_whom,
  m.attributed_to_text AS according_to,
  m.sentence_text AS evidence
FROM event_mentions AS m
JOIN articles_latest AS a
  ON a.revision_id = m.revision_id
WHERE m.event_type IS NOT NULL
  AND a.change_type <> 'withdrawn'
  AND (
    m.polarity = 'negative'
    OR m.modality NOT IN ('asserted', 'reported')
  )
ORDER BY
  m.published_at DESC,
  m.mention_id

-- What happened, as most publishers have it: who did what to whom, and which sentence proves it?
SELECT
  event_date AS "when",
  actors AS who,
  COALESCE(event_type, predicate) AS did_what,
  recipients AS to_whom,
  place_name AS "where",
  sentence_text AS evidence,
  num_sources AS sources
FROM events
WHERE event_type IS NOT NULL
  AND actor_entity_id IS NOT NULL
  AND recipients IS NOT NULL
  AND event_date_source = 'text'
ORDER BY
  num_sources DESC,
  event_date DESC,
  event_id

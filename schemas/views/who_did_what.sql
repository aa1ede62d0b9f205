-- Who did what to whom, where and when, with the sentence that proves it.
SELECT
  event_date,
  actors AS who,
  COALESCE(event_type, predicate) AS did_what,
  predicate,
  recipients AS to_whom,
  place_name AS place,
  sentence_text AS evidence,
  headline,
  url,
  num_articles,
  event_id
FROM events
WHERE actors IS NOT NULL
  OR recipients IS NOT NULL

-- How many were killed and injured, by day and place, and who says so?
SELECT
  event_date,
  place_name,
  num_killed,
  num_injured,
  actors,
  recipients,
  num_sources,
  sentence_text AS evidence
FROM events
WHERE num_killed IS NOT NULL
  OR num_injured IS NOT NULL
ORDER BY
  event_date DESC,
  num_killed DESC,
  event_id

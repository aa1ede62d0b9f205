-- What is the evidence for conflict in a country?
-- param: country = 'XZE'
SELECT
  event_date,
  event_type,
  actors,
  recipients,
  place_name,
  num_killed,
  sentence_text,
  url
FROM events
WHERE country = $country
  AND quad_class = 4
ORDER BY
  event_date DESC,
  event_id

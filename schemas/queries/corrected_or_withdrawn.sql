-- Which articles were corrected or withdrawn, and which events fell with them?
SELECT
  a.url,
  a.change_type,
  a.fetched_at,
  a.correction_text,
  COUNT(DISTINCT m.event_id) AS num_events_told_before,
  COUNT(DISTINCT CASE WHEN e.event_id IS NULL THEN m.event_id END) AS num_events_fallen
FROM articles_latest AS a
LEFT JOIN event_mentions AS m
  ON m.article_id = a.article_id
  AND m.revision_id <> a.revision_id
  AND m.polarity = 'positive'
  AND m.modality IN ('asserted', 'reported')
LEFT JOIN events AS e
  ON e.event_id = m.event_id
WHERE a.change_type IN ('correction', 'withdrawn')
GROUP BY
  1,
  2,
  3,
  4
ORDER BY
  3 DESC,
  1

-- Which articles were corrected or withdrawn, and which events fell with them?
SELECT
  a.canonical_url AS url,
  r.change_type,
  r.fetched_at,
  r.correction_text,
  COUNT(DISTINCT m.event_id) AS num_events_told_before,
  COUNT(DISTINCT CASE WHEN e.event_id IS NULL THEN m.event_id END) AS num_events_fallen
FROM article_revisions AS r
JOIN articles AS a
  ON a.article_id = r.article_id
LEFT JOIN article_revisions AS earlier
  ON earlier.article_id = r.article_id
  AND earlier.fetched_at < r.fetched_at
LEFT JOIN event_mentions AS m
  ON m.revision_id = earlier.revision_id
  AND m.polarity = 'positive'
  AND m.modality IN ('asserted', 'reported')
LEFT JOIN events AS e
  ON e.event_id = m.event_id
WHERE r.change_type IN ('correction', 'withdrawn')
GROUP BY
  1,
  2,
  3,
  4
ORDER BY
  3 DESC,
  1

-- What became of each article: every version, and what was found when it was read again.
SELECT
  r.article_id,
  r.revision_id,
  r.change_type,
  r.fetched_at AS changed_at,
  r.headline,
  r.correction_text AS detail
FROM article_revisions AS r
UNION ALL
SELECT DISTINCT
  a.article_id,
  CAST(NULL AS STRING) AS revision_id,
  'deleted' AS change_type,
  j.rejected_at AS changed_at,
  CAST(NULL AS STRING) AS headline,
  j.detail
FROM articles AS a
JOIN entries AS e
  ON e.url_key = a.url_key
JOIN rejections AS j
  ON j.address = e.url
  AND j.rejected_at > a.first_seen_at
WHERE j.reason IN ('gone', 'soft_404')
UNION ALL
SELECT
  a.article_id,
  CAST(NULL AS STRING) AS revision_id,
  'redirect' AS change_type,
  b.first_seen_at AS changed_at,
  CAST(NULL AS STRING) AS headline,
  b.canonical_url AS detail
FROM articles AS a
JOIN articles AS b
  ON b.url_key = a.url_key
  AND b.article_id <> a.article_id
  AND b.first_seen_at > a.first_seen_at

-- Each article in its latest version.
SELECT
  a.article_id,
  r.revision_id,
  a.canonical_url AS url,
  COALESCE(r.publisher, a.publisher) AS publisher,
  a.publisher_domain,
  r.headline,
  r.description,
  r.authors,
  r.section,
  r.date_published,
  r.date_published_precision,
  r.date_modified,
  r.dateline,
  r.language,
  r.text,
  r.text_sha256,
  r.num_words,
  r.change_type,
  r.correction_text,
  COUNT(*) OVER (PARTITION BY a.article_id) AS num_revisions,
  s.story_id,
  s.syndicated_from,
  a.feed_id,
  a.first_seen_at,
  r.fetched_at
FROM articles AS a
JOIN article_revisions AS r
  ON r.article_id = a.article_id
LEFT JOIN story_articles AS s
  ON s.article_id = a.article_id
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY a.article_id
  ORDER BY r.fetched_at DESC, r.revision_id
) = 1

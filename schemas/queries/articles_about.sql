-- Which articles hold some words, newest first? (param words: as they stand in headline or text)
-- param: words = 'cease-fire'
SELECT
  date_published,
  publisher_domain,
  headline,
  change_type,
  num_words,
  url
FROM articles_latest
WHERE STRPOS(LOWER(CONCAT(COALESCE(headline, ''), ' ', text)), LOWER($words)) > 0
ORDER BY
  date_published DESC,
  url

-- What does the warehouse hold?
SELECT
  (SELECT COUNT(*) FROM articles_latest) AS num_articles,
  (SELECT COUNT(DISTINCT publisher_domain) FROM articles_latest) AS num_publishers,
  (SELECT MIN(date_published) FROM articles_latest) AS first_article_at,
  (SELECT MAX(date_published) FROM articles_latest) AS last_article_at,
  (SELECT COUNT(*) FROM stories) AS num_stories,
  (SELECT COUNT(*) FROM event_mentions) AS num_mentions,
  COUNT(*) AS num_events,
  COUNT(event_type) AS num_typed_events,
  COUNT(latitude) AS num_placed_events
FROM events

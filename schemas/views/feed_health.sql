-- Which feeds are alive, and why not.
WITH polls AS (
  SELECT
    f.*,
    ROW_NUMBER() OVER (PARTITION BY f.feed_id ORDER BY f.fetched_at DESC, f.fetch_id) AS nth
  FROM feed_fetches AS f
),
listed AS (
  SELECT
    feed_id,
    MAX(newest_entry_at) AS newest_entry_at,
    MIN(fetched_at) AS first_polled_at,
    COUNT(*) AS num_polls
  FROM feed_fetches
  GROUP BY feed_id
),
given AS (
  SELECT
    e.feed_id,
    COUNT(*) AS num_entries_taken,
    MAX(e.first_seen_at) AS last_new_entry_at,
    -- without what the first poll found there already
    SUM(
      CASE
        WHEN e.first_seen_at > l.first_polled_at
          AND EPOCH(f.last_polled_at) - EPOCH(e.first_seen_at) < 30 * 86400 THEN 1
        ELSE 0
      END
    ) AS num_entries_of_a_month
  FROM entries AS e
  LEFT JOIN feeds AS f
    ON f.feed_id = e.feed_id
  LEFT JOIN listed AS l
    ON l.feed_id = e.feed_id
  WHERE NOT e.is_revisit
  GROUP BY e.feed_id
)
SELECT
  f.feed_id,
  COALESCE(f.title, f.url) AS feed,
  f.url,
  CASE
    WHEN f.last_polled_at IS NULL THEN 'never polled'
    WHEN f.consecutive_failures > 0 THEN 'failing'
    WHEN g.last_new_entry_at IS NULL THEN 'nothing taken'
    WHEN EPOCH(f.last_polled_at) - EPOCH(g.last_new_entry_at) > 7 * 86400 THEN 'silent'
    ELSE 'alive'
  END AS state,
  p.outcome AS last_outcome,
  p.reason AS last_reason,
  p.detail AS last_detail,
  f.last_polled_at,
  f.last_success_at,
  f.next_poll_at,
  f.consecutive_failures,
  l.num_polls,
  p.num_entries AS num_entries_listed,
  COALESCE(g.num_entries_taken, 0) AS num_entries_taken,
  -- over the last 30 days, or as long as it has been polled; NULL before a day has passed
  CASE
    WHEN EPOCH(f.last_polled_at) - EPOCH(l.first_polled_at) >= 86400 THEN
      COALESCE(g.num_entries_of_a_month, 0) * 86400
      / LEAST(30 * 86400, EPOCH(f.last_polled_at) - EPOCH(l.first_polled_at))
  END AS entries_per_day,
  g.last_new_entry_at AS silent_since,
  CAST(FLOOR((EPOCH(f.last_polled_at) - EPOCH(g.last_new_entry_at)) / 3600) AS BIGINT)
    AS silent_hours,
  l.newest_entry_at
FROM feeds AS f
LEFT JOIN polls AS p
  ON p.feed_id = f.feed_id
  AND p.nth = 1
LEFT JOIN listed AS l
  ON l.feed_id = f.feed_id
LEFT JOIN given AS g
  ON g.feed_id = f.feed_id

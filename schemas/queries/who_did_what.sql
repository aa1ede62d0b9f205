-- Who did what to whom, newest first? (param who: part of a name)
-- param: who = ''
SELECT
  event_date,
  who,
  did_what,
  to_whom,
  place,
  evidence,
  url
FROM who_did_what
WHERE STRPOS(LOWER(who), LOWER($who)) > 0
  OR STRPOS(LOWER(to_whom), LOWER($who)) > 0
ORDER BY
  event_date DESC,
  event_id

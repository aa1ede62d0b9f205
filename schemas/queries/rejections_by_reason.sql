-- What did not go on, and why?
SELECT
  stage,
  reason,
  COUNT(*) AS n,
  MIN(address) AS example,
  MIN(detail) AS detail
FROM rejections
GROUP BY
  1,
  2
ORDER BY
  3 DESC,
  1,
  2

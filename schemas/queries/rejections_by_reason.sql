-- What did not go on, and why?
WITH ranked AS (
  SELECT
    stage,
    reason,
    address,
    detail,
    COUNT(*) OVER (PARTITION BY stage, reason) AS n,
    ROW_NUMBER() OVER (
      PARTITION BY stage, reason
      ORDER BY address, rejected_at, rejection_id
    ) AS nth
  FROM rejections
)
SELECT
  stage,
  reason,
  n,
  address AS example,
  detail
FROM ranked
WHERE nth = 1
ORDER BY
  n DESC,
  stage,
  reason

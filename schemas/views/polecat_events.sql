-- Events as POLECAT has them: its 40 columns in its order; unknown, or never known here, is NULL.
-- Intensity is POLECAT's own scale and stays NULL; the Goldstein scale stands in `events`.
SELECT
  e.event_id AS "Event ID",
  e.event_date AS "Event Date",
  e.event_type AS "Event Type",
  e.event_mode AS "Event Mode",
  CAST(NULL AS DOUBLE) AS "Intensity",
  CASE e.quad_class
    WHEN 1 THEN 'VERBAL COOPERATION'
    WHEN 2 THEN 'MATERIAL COOPERATION'
    WHEN 3 THEN 'VERBAL CONFLICT'
    WHEN 4 THEN 'MATERIAL CONFLICT'
  END AS "Quad Code",
  NULLIF(ARRAY_TO_STRING(m.contexts, ';'), '') AS "Contexts",
  e.actor_name AS "Actor Name",
  e.actor_country AS "Actor Country",
  CAST(NULL AS VARCHAR) AS "Actor COW",
  e.actor_sector AS "Primary Actor Sector",
  e.actor_sector AS "Actor Sectors",
  CAST(NULL AS VARCHAR) AS "Actor Title",
  m.actor_text AS "Actor Name Raw",
  CAST(NULL AS VARCHAR) AS "Wikipedia Actor ID",
  e.recipient_name AS "Recipient Name",
  e.recipient_country AS "Recipient Country",
  CAST(NULL AS VARCHAR) AS "Recipient COW",
  e.recipient_sector AS "Primary Recipient Sector",
  e.recipient_sector AS "Recipient Sectors",
  CAST(NULL AS VARCHAR) AS "Recipient Title",
  m.recipient_text AS "Recipient Name Raw",
  CAST(NULL AS VARCHAR) AS "Wikipedia Recipient ID",
  e.place_name AS "Placename",
  CAST(NULL AS VARCHAR) AS "City",
  CAST(NULL AS VARCHAR) AS "District",
  m.admin1 AS "Province",
  e.country AS "Country",
  e.latitude AS "Latitude",
  e.longitude AS "Longitude",
  g.geonames_id AS "GeoNames ID",
  m.place_text AS "Raw Placename",
  CAST(NULL AS VARCHAR) AS "Feature Type",
  a.publisher_domain AS "Source",
  CAST(a.date_published AS DATE) AS "Publication Date",
  n.people AS "Story People",
  n.organizations AS "Story Organizations",
  n.locations AS "Story Locations",
  a.language AS "Language",
  m.ruleset_version AS "Version"
FROM events AS e
JOIN event_mentions AS m
  ON m.mention_id = e.mention_id
JOIN articles_latest AS a
  ON a.revision_id = e.revision_id
LEFT JOIN (
  SELECT
    name,
    country,
    latitude,
    longitude,
    MIN(geonames_id) AS geonames_id
  FROM entities
  WHERE geonames_id IS NOT NULL
  GROUP BY
    name,
    country,
    latitude,
    longitude
) AS g
  ON g.name = e.place_name
  AND g.country = e.country
  AND g.latitude = e.latitude
  AND g.longitude = e.longitude
LEFT JOIN (
  SELECT
    revision_id,
    STRING_AGG(CASE WHEN entity_type = 'PERSON' THEN name END, ';' ORDER BY name NULLS FIRST) AS people,
    STRING_AGG(CASE WHEN entity_type = 'ORG' THEN name END, ';' ORDER BY name NULLS FIRST) AS organizations,
    STRING_AGG(CASE WHEN entity_type IN ('GPE', 'LOC') THEN name END, ';' ORDER BY name NULLS FIRST)
      AS locations
  FROM (
    SELECT DISTINCT
      w.revision_id,
      x.name,
      x.entity_type
    FROM entity_mentions AS w
    JOIN entities AS x
      ON x.entity_id = w.entity_id
  ) AS named
  GROUP BY revision_id
) AS n
  ON n.revision_id = e.revision_id
WHERE e.event_type IS NOT NULL

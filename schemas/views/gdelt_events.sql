-- Events as GDELT 2.0 has them: its 61 columns in its order, formats and codes; unknown is NULL.
-- CAMEO is known to the root, so EventCode is the root's "not specified below" (190 for 19).
-- A day, month or year that is not known that finely is NULL. NumMentions and its like are totals.
WITH coded AS (
  SELECT
    e.*,
    m.sentence_start,
    STRPOS(r.text, CHR(10)) AS lead_end,
    a.cameo AS actor_cameo,
    b.cameo AS recipient_cameo,
    p.fips,
    p.name AS country_name,
    CASE
      WHEN e.actor_sector IN (
        'AGR', 'BUS', 'COP', 'CRM', 'CVL', 'EDU', 'ELI', 'GOV', 'HLH', 'IGO', 'JUD', 'LAB', 'LEG',
        'MED', 'MIL', 'NGO', 'OPP', 'REB', 'REF', 'SPY', 'UAF'
      ) THEN e.actor_sector
    END AS actor_type,
    CASE
      WHEN e.recipient_sector IN (
        'AGR', 'BUS', 'COP', 'CRM', 'CVL', 'EDU', 'ELI', 'GOV', 'HLH', 'IGO', 'JUD', 'LAB', 'LEG',
        'MED', 'MIL', 'NGO', 'OPP', 'REB', 'REF', 'SPY', 'UAF'
      ) THEN e.recipient_sector
    END AS recipient_type,
    CASE
      WHEN e.event_date_precision IN ('second', 'minute', 'day', 'week') THEN e.event_date
    END AS known_day,
    CASE
      WHEN e.event_date_precision IN ('second', 'minute', 'day', 'week', 'month') THEN e.event_date
    END AS known_month,
    CASE
      WHEN e.event_date_precision <> 'decade' THEN e.event_date
    END AS known_year
  FROM events AS e
  JOIN event_mentions AS m
    ON m.mention_id = e.mention_id
  JOIN article_revisions AS r
    ON r.revision_id = e.revision_id
  LEFT JOIN country_codes AS a
    ON a.iso3 = e.actor_country
  LEFT JOIN country_codes AS b
    ON b.iso3 = e.recipient_country
  LEFT JOIN country_codes AS p
    ON p.iso3 = e.country
  WHERE e.cameo_root_code IS NOT NULL
)
SELECT
  CAST(CONCAT('0x', SUBSTR(event_id, 1, 15)) AS BIGINT) AS GLOBALEVENTID,
  EXTRACT(YEAR FROM known_day) * 10000
    + EXTRACT(MONTH FROM known_day) * 100
    + EXTRACT(DAY FROM known_day) AS SQLDATE,
  EXTRACT(YEAR FROM known_month) * 100 + EXTRACT(MONTH FROM known_month) AS MonthYear,
  EXTRACT(YEAR FROM known_year) AS Year,
  ROUND(
    EXTRACT(YEAR FROM known_day)
      + ((EXTRACT(MONTH FROM known_day) - 1) * 30 + EXTRACT(DAY FROM known_day)) / 365,
    4
  ) AS FractionDate,
  NULLIF(CONCAT(COALESCE(actor_cameo, ''), COALESCE(actor_type, '')), '') AS Actor1Code,
  UPPER(actor_name) AS Actor1Name,
  actor_cameo AS Actor1CountryCode,
  CAST(NULL AS VARCHAR) AS Actor1KnownGroupCode,
  CAST(NULL AS VARCHAR) AS Actor1EthnicCode,
  CAST(NULL AS VARCHAR) AS Actor1Religion1Code,
  CAST(NULL AS VARCHAR) AS Actor1Religion2Code,
  actor_type AS Actor1Type1Code,
  CAST(NULL AS VARCHAR) AS Actor1Type2Code,
  CAST(NULL AS VARCHAR) AS Actor1Type3Code,
  NULLIF(CONCAT(COALESCE(recipient_cameo, ''), COALESCE(recipient_type, '')), '') AS Actor2Code,
  UPPER(recipient_name) AS Actor2Name,
  recipient_cameo AS Actor2CountryCode,
  CAST(NULL AS VARCHAR) AS Actor2KnownGroupCode,
  CAST(NULL AS VARCHAR) AS Actor2EthnicCode,
  CAST(NULL AS VARCHAR) AS Actor2Religion1Code,
  CAST(NULL AS VARCHAR) AS Actor2Religion2Code,
  recipient_type AS Actor2Type1Code,
  CAST(NULL AS VARCHAR) AS Actor2Type2Code,
  CAST(NULL AS VARCHAR) AS Actor2Type3Code,
  CASE WHEN lead_end = 0 OR sentence_start < lead_end THEN 1 ELSE 0 END AS IsRootEvent,
  CONCAT(cameo_root_code, '0') AS EventCode,
  CONCAT(cameo_root_code, '0') AS EventBaseCode,
  cameo_root_code AS EventRootCode,
  quad_class AS QuadClass,
  goldstein_scale AS GoldsteinScale,
  num_mentions AS NumMentions,
  num_sources AS NumSources,
  num_articles AS NumArticles,
  CAST(NULL AS DOUBLE) AS AvgTone,
  CAST(NULL AS BIGINT) AS Actor1Geo_Type,
  CAST(NULL AS VARCHAR) AS Actor1Geo_FullName,
  CAST(NULL AS VARCHAR) AS Actor1Geo_CountryCode,
  CAST(NULL AS VARCHAR) AS Actor1Geo_ADM1Code,
  CAST(NULL AS VARCHAR) AS Actor1Geo_ADM2Code,
  CAST(NULL AS DOUBLE) AS Actor1Geo_Lat,
  CAST(NULL AS DOUBLE) AS Actor1Geo_Long,
  CAST(NULL AS VARCHAR) AS Actor1Geo_FeatureID,
  CAST(NULL AS BIGINT) AS Actor2Geo_Type,
  CAST(NULL AS VARCHAR) AS Actor2Geo_FullName,
  CAST(NULL AS VARCHAR) AS Actor2Geo_CountryCode,
  CAST(NULL AS VARCHAR) AS Actor2Geo_ADM1Code,
  CAST(NULL AS VARCHAR) AS Actor2Geo_ADM2Code,
  CAST(NULL AS DOUBLE) AS Actor2Geo_Lat,
  CAST(NULL AS DOUBLE) AS Actor2Geo_Long,
  CAST(NULL AS VARCHAR) AS Actor2Geo_FeatureID,
  CASE WHEN place_name = country_name THEN 1 END AS ActionGeo_Type,
  CASE
    WHEN place_name = country_name OR country_name IS NULL THEN place_name
    ELSE CONCAT(place_name, ', ', country_name)
  END AS ActionGeo_FullName,
  fips AS ActionGeo_CountryCode,
  CASE WHEN place_name = country_name THEN fips END AS ActionGeo_ADM1Code,
  CAST(NULL AS VARCHAR) AS ActionGeo_ADM2Code,
  latitude AS ActionGeo_Lat,
  longitude AS ActionGeo_Long,
  CASE WHEN place_name = country_name THEN fips END AS ActionGeo_FeatureID,
  EXTRACT(YEAR FROM first_seen_at) * 10000000000
    + EXTRACT(MONTH FROM first_seen_at) * 100000000
    + EXTRACT(DAY FROM first_seen_at) * 1000000
    + EXTRACT(HOUR FROM first_seen_at) * 10000
    + EXTRACT(MINUTE FROM first_seen_at) * 100
    + CAST(FLOOR(EXTRACT(SECOND FROM first_seen_at)) AS BIGINT) AS DATEADDED,
  url AS SOURCEURL
FROM coded

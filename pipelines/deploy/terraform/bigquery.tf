# Tables come from the same files that `dateline schema print --for bigquery` writes; with the views
# they are what `dateline schema apply` makes.

locals {
  schemas = "${path.module}/../../../schemas/bigquery"
  tables = {
    for file in fileset(local.schemas, "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${local.schemas}/${file}"))
  }
  # A table whose older rows no longer fit has a new version, which is part of its name.
  table_versions = {}

  # Views by level: each reads only from those of the levels before.
  views = [
    for level in jsondecode(file("${path.module}/views.json")) :
    { for name, sql in level : name => replace(sql, "PROJECT.DATASET", "${var.project}.${var.dataset}") }
  ]
}

resource "google_bigquery_dataset" "news" {
  dataset_id                 = var.dataset
  location                   = var.location
  description                = "News events: who did what to whom, where and when, with the sentence that proves it."
  labels                     = var.labels
  delete_contents_on_destroy = false
}

resource "google_bigquery_table" "rows" {
  for_each = local.tables

  dataset_id               = google_bigquery_dataset.news.dataset_id
  table_id                 = "${each.key}_v${lookup(local.table_versions, each.key, 1)}"
  description              = each.value.description
  schema                   = jsonencode(each.value.schema.fields)
  clustering               = each.value.clustering.fields
  require_partition_filter = each.value.requirePartitionFilter
  labels                   = var.labels
  deletion_protection      = var.deletion_protection

  dynamic "time_partitioning" {
    for_each = contains(keys(each.value), "timePartitioning") ? [each.value.timePartitioning] : []

    content {
      type  = time_partitioning.value.type
      field = time_partitioning.value.field
    }
  }
}

resource "google_bigquery_table" "views_0" {
  for_each   = local.views[0]
  depends_on = [google_bigquery_table.rows]

  dataset_id          = google_bigquery_dataset.news.dataset_id
  table_id            = each.key
  labels              = var.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "views_1" {
  for_each   = local.views[1]
  depends_on = [google_bigquery_table.views_0]

  dataset_id          = google_bigquery_dataset.news.dataset_id
  table_id            = each.key
  labels              = var.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "views_2" {
  for_each   = local.views[2]
  depends_on = [google_bigquery_table.views_1]

  dataset_id          = google_bigquery_dataset.news.dataset_id
  table_id            = each.key
  labels              = var.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "views_3" {
  for_each   = local.views[3]
  depends_on = [google_bigquery_table.views_2]

  dataset_id          = google_bigquery_dataset.news.dataset_id
  table_id            = each.key
  labels              = var.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }
}

resource "google_bigquery_dataset_iam_member" "readers" {
  for_each = var.readers

  dataset_id = google_bigquery_dataset.news.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

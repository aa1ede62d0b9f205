resource "google_storage_bucket" "work" {
  name                        = "${var.project}-${var.name}"
  location                    = var.region
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # A list of feeds that was spoilt can be had back.
  versioning {
    enabled = true
  }

  # What jobs leave behind; the feeds and the template stay.
  lifecycle_rule {
    condition {
      age            = 7
      matches_prefix = ["temp/", "staging/"]
    }

    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      num_newer_versions = 10
      with_state         = "ARCHIVED"
    }

    action {
      type = "Delete"
    }
  }
}

resource "google_storage_bucket_object" "feeds" {
  bucket = google_storage_bucket.work.name
  name   = "feeds/${basename(var.feeds_file)}"
  source = var.feeds_file
}

# The Flex template: what `gcloud dataflow flex-template build` writes.
resource "google_storage_bucket_object" "template" {
  bucket       = google_storage_bucket.work.name
  name         = "templates/dateline.json"
  content_type = "application/json"
  content = jsonencode({
    image    = var.image
    sdkInfo  = { language = "PYTHON" }
    metadata = jsondecode(file("${path.module}/../dataflow/metadata.json"))
  })
}

resource "google_artifact_registry_repository" "images" {
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of Dateline."
  labels        = var.labels
}

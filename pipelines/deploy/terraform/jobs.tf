locals {
  bucket_url = "gs://${google_storage_bucket.work.name}"
  template   = "${local.bucket_url}/${google_storage_bucket_object.template.name}"

  parameters = merge(
    {
      feeds     = "${local.bucket_url}/${google_storage_bucket_object.feeds.name}"
      warehouse = "bigquery:${var.project}.${google_bigquery_dataset.news.dataset_id}"
      contact   = var.contact
      workers   = "4"
    },
    var.parameters,
  )

  # As FlexTemplateRuntimeEnvironment of Dataflow's API has it.
  environment = {
    serviceAccountEmail  = google_service_account.worker.email
    sdkContainerImage    = var.image
    tempLocation         = "${local.bucket_url}/temp"
    stagingLocation      = "${local.bucket_url}/staging"
    machineType          = var.machine_type
    maxWorkers           = var.max_workers
    ipConfiguration      = var.public_ips ? "WORKER_IP_PUBLIC" : "WORKER_IP_PRIVATE"
    additionalUserLabels = var.labels
  }

  launch = {
    launchParameter = {
      # One name for all launches: Dataflow refuses a second job while one of that name runs.
      jobName              = var.name
      containerSpecGcsPath = local.template
      parameters           = local.parameters
      environment = merge(
        local.environment,
        var.subnetwork == null ? {} : { subnetwork = var.subnetwork },
      )
    }
  }
}

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "dataflow.googleapis.com",
    "storage.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

resource "google_cloud_scheduler_job" "pass" {
  count      = var.streaming ? 0 : 1
  depends_on = [google_project_service.needed]

  name             = "${var.name}-pass"
  description      = "Launches a pass over the feeds."
  region           = var.region
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"

  # A launch that Dataflow refuses because a pass still runs is not tried again: the next one comes.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = "https://dataflow.googleapis.com/v1b3/projects/${var.project}/locations/${var.region}/flexTemplates:launch"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode(local.launch))

    oauth_token {
      service_account_email = google_service_account.scheduler.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }
}

resource "google_dataflow_flex_template_job" "stream" {
  count      = var.streaming ? 1 : 0
  provider   = google-beta
  depends_on = [google_project_service.needed]

  name                    = var.name
  region                  = var.region
  container_spec_gcs_path = local.template
  parameters              = merge(local.parameters, { every = var.every })
  service_account_email   = google_service_account.worker.email
  sdk_container_image     = var.image
  temp_location           = local.environment.tempLocation
  staging_location        = local.environment.stagingLocation
  machine_type            = var.machine_type
  max_workers             = var.max_workers
  ip_configuration        = local.environment.ipConfiguration
  subnetwork              = var.subnetwork
  enable_streaming_engine = true
  on_delete               = "drain"
  labels                  = var.labels
}

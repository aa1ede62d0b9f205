output "warehouse" {
  description = "Address to give as --warehouse."
  value       = local.parameters.warehouse
}

output "bucket" {
  description = "Bucket with the feeds, the template and what jobs leave behind."
  value       = google_storage_bucket.work.name
}

output "repository" {
  description = "Where the image is pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "template" {
  description = "The Flex template, for `gcloud dataflow flex-template run`."
  value       = local.template
}

output "worker" {
  description = "Account that jobs run as."
  value       = google_service_account.worker.email
}

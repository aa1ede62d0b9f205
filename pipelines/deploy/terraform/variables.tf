variable "project" {
  description = "Google Cloud project that everything is made in."
  type        = string
}

variable "region" {
  description = "Region of jobs, bucket, images and scheduler."
  type        = string
  default     = "europe-west1"
}

variable "location" {
  description = "Where BigQuery keeps the dataset; it cannot be changed later."
  type        = string
  default     = "EU"
}

variable "name" {
  description = "What names of buckets, accounts and jobs begin with."
  type        = string
  default     = "dateline"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,18}$", var.name))
    error_message = "Give 3 to 19 small letters, digits or dashes, a letter first."
  }
}

variable "dataset" {
  description = "BigQuery dataset that takes the rows."
  type        = string
  default     = "dateline"
}

variable "image" {
  description = "The built image, as REGION-docker.pkg.dev/PROJECT/REPOSITORY/dateline:TAG; workers run it, and the template is launched from it."
  type        = string
}

variable "feeds_file" {
  description = "List of feeds on this machine, copied to the bucket."
  type        = string
}

variable "contact" {
  description = "Address or e-mail that publishers see in User-Agent."
  type        = string
}

variable "schedule" {
  description = "When a pass is launched, as cron has it, in UTC."
  type        = string
  default     = "7 * * * *"
}

variable "parameters" {
  description = "Further parameters of the template (see dataflow/metadata.json)."
  type        = map(string)
  default     = {}
}

variable "machine_type" {
  description = "Machine of a worker; `parameters.workers` should be its number of cores."
  type        = string
  default     = "n2-standard-4"
}

variable "max_workers" {
  description = "Worker machines at most. Requests to one domain take turns within a machine, not between machines: leave it at 1 unless publishers agreed to more."
  type        = number
  default     = 1
}

variable "public_ips" {
  description = "Whether workers have public addresses; without them the subnetwork needs Cloud NAT to reach publishers."
  type        = bool
  default     = true
}

variable "subnetwork" {
  description = "Subnetwork of the workers, as regions/REGION/subnetworks/NAME; null for the default one."
  type        = string
  default     = null
}

variable "streaming" {
  description = "Run one streaming job instead of a pass on schedule."
  type        = bool
  default     = false
}

variable "every" {
  description = "How often a streaming job polls, as 15m."
  type        = string
  default     = "15m"
}

variable "readers" {
  description = "Who may query the dataset, as group:NAME@DOMAIN or user:NAME@DOMAIN."
  type        = set(string)
  default     = []
}

variable "labels" {
  description = "Labels of all that takes them."
  type        = map(string)
  default     = { app = "dateline" }
}

variable "deletion_protection" {
  description = "Keep Terraform from deleting tables."
  type        = bool
  default     = true
}

# Copy to terraform.tfvars and put your own in.
project    = "my-project"
image      = "europe-west1-docker.pkg.dev/my-project/dateline/dateline:0.1.0"
feeds_file = "feeds.opml"
contact    = "https://example.org/our-crawler"

# schedule   = "7 * * * *"
# parameters = { interval = "30m", languages = "en", workers = "4" }
# readers    = ["group:analysts@example.org"]

"""What one runs: the command line, the ingest graph, queries, training and evaluation."""

import transforms  # noqa: F401 (first of all imports: it leaves out Beam's chatter)

"""What one runs: the command line, the ingest graph, queries, training and evaluation."""

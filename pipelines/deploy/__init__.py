"""How it is deployed: what the launchers of clusters start, beside what is not Python."""

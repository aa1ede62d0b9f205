"""Starts the measurements of `fetching`, and imports them only then.

Worker processes import the program that started them: with all that the measurements need, each
would hold 60 MB that no worker of `dateline ingest` holds.
"""

if __name__ == "__main__":
    from tests.bench.fetching import main

    main()

"""What takes too long for every test run: hundreds of kills (`make test-kill`), `make soak`."""

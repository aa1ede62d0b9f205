"""The file that Dataflow's launcher is told to run; what is defined here would be sent by value."""

import sys

from pipelines.deploy.dataflow.launcher import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

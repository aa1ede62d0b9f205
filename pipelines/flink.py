"""What is Apache Flink's own: the options of a stream there, and how its job is ended.

In: settings of a run, and its id. Out: options, as Beam names them; a job on its cluster. What
Beam calls cancelling ends only the wait of its job server (seen with 2.62): Flink itself is asked.
"""

import json
import logging
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.options import IngestSettings

logger = logging.getLogger(__name__)

# The second with a job server that is started apart: job_endpoint=HOST:PORT.
RUNNERS = frozenset({"FlinkRunner", "PortableRunner"})
NUMBERS = (
    "checkpointing_interval", "checkpoint_timeout_millis", "max_bundle_size",
    "max_bundle_time_mills", "number_of_execution_retries",
)  # fmt: skip
TEXTS = ("state_backend", "state_backend_storage_path")
SWITCHES = ("externalized_checkpoints_enabled", "finish_bundle_before_checkpointing")
# What a stream is told where the user says nothing else. It goes on from its last checkpoint when
# workers die; a checkpoint waits for what is being read: hours, of a first poll. Bundles end before
# it: what comes of one that ends within it Flink keeps until the next bundle, and there is none
# after that of the impulse from which all ticks come.
STREAM_OPTIONS = (
    "--checkpointing_interval=30000",
    "--checkpoint_timeout_millis=86400000",
    "--finish_bundle_before_checkpointing",
)
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})
CANCEL_S = 60.0
ANSWER_S = 10.0


class FlinkOptions(PipelineOptions):
    """What its job server knows and Beam's Python does not."""

    @classmethod
    def _add_argparse_args(cls, parser: Any) -> None:
        """Add them without a default: other runners are told nothing of them."""
        for name in NUMBERS:
            parser.add_argument(f"--{name}", type=int)
        for name in TEXTS:
            parser.add_argument(f"--{name}")
        for name in SWITCHES:
            parser.add_argument(f"--{name}", action="store_true", default=None)


@dataclass(frozen=True)
class FlinkJob:
    """A job by its name, on the cluster that `flink_master` names."""

    master: str
    name: str

    def cancel(self) -> None:
        """End it, where it is under way, and wait until it has ended."""
        deadline = time.monotonic() + CANCEL_S
        try:
            while under_way := self._under_way():
                for job in under_way:
                    self._ask(f"jobs/{job}?mode=cancel", method="PATCH")
                if time.monotonic() > deadline:
                    logger.warning("Flink did not end %s in %.0f s", self.name, CANCEL_S)
                    return
                time.sleep(0.5)
        except OSError as error:
            logger.warning("%s may go on: Flink at %s: %s", self.name, self.master, error)

    def _under_way(self) -> Sequence[str]:
        jobs = json.loads(self._ask("jobs/overview"))["jobs"]
        return [j["jid"] for j in jobs if j["name"] == self.name and j["state"] not in ENDED]

    def _ask(self, path: str, method: str = "GET") -> bytes:
        master = self.master if "://" in self.master else f"http://{self.master}"
        request = urllib.request.Request(f"{master}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            said: bytes = answer.read()
        return said


def job_of(settings: IngestSettings, run_id: str) -> FlinkJob | None:
    """Name the job of a run; None where it is in no cluster of Flink's that is named."""
    master = settings.beam_option("flink_master")
    if not master or master.startswith("["):  # [auto], [local]: it ends with its job server
        return None
    return FlinkJob(master, settings.beam_option("job_name") or f"dateline-{run_id}")

"""A Flink cluster of its own on loopback: job manager, task managers, and Python workers.

Each is a process of its own, as in production; all start from the libraries that `mvn package`
puts together (pipelines/deploy/flink), and from the built package in an environment of its own.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.test_ingest import children_of

JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
PACKAGES = ("lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent")
START_S = 180.0  # on a machine that has much else to do


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@dataclass
class Cluster:
    """Processes of a cluster, and the options by which a job finds it."""

    folder: Path
    jar: Path  # of the job server; its libraries are beside it
    python: Path  # of the environment that the workers run in
    rest_port: int = field(default_factory=free_port)
    pool_port: int = field(default_factory=free_port)
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start(self) -> None:
        """Start all processes."""
        (self.folder / "flink-conf.yaml").write_text(self._conf())
        self._start_java("job manager", JOB_MANAGER)
        self.start_task_manager()
        pool = "apache_beam.runners.worker.worker_pool_main"
        self._start("workers", [str(self.python), "-m", pool, f"--service_port={self.pool_port}"])

    def wait_for_slots(self) -> None:
        """Wait until a task manager has slots to give."""
        wait_until(lambda: '"slots-available":2' in self.overview(), "Flink to have slots")

    def start_task_manager(self) -> None:
        """Start a task manager."""
        self._start_java("task manager", TASK_MANAGER)

    def kill(self, name: str) -> None:
        """Kill a process as a power cut would."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes.pop(name).wait()

    def stop(self) -> None:
        """End all that was started."""
        for name in list(self.processes):
            self.kill(name)

    def options(self) -> list[str]:
        """Give the flags of `dateline ingest` that run it here."""
        options = {
            "flink_master": f"localhost:{self.rest_port}",
            "flink_job_server_jar": self.jar,
            "environment_type": "EXTERNAL",
            "environment_config": f"localhost:{self.pool_port}",
            "parallelism": 2,
        }
        flags = ["--runner", "FlinkRunner"]
        for name, value in options.items():
            flags += ["--beam-option", f"{name}={value}"]
        return flags

    def overview(self) -> str:
        """Ask the job manager what it has."""
        return self.ask("overview")

    def ask(self, path: str) -> str:
        """Ask the job manager's REST interface; nothing while it is not there yet."""
        try:
            with urllib.request.urlopen(f"http://localhost:{self.rest_port}/{path}") as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def wait_for_checkpoint(self) -> None:
        """Wait until the last job has written another checkpoint."""
        written = self._checkpoints()["completed"]
        wait_until(lambda: self._checkpoints()["completed"] > written, "a checkpoint")

    def restores(self) -> int:
        """Count how often the last job has gone on from a checkpoint."""
        return self._checkpoints()["restored"]

    def _checkpoints(self) -> Mapping[str, int]:
        jobs = json.loads(self.ask("jobs/overview"))["jobs"]
        last = max(jobs, key=lambda job: job["start-time"])
        counts: Mapping[str, int] = json.loads(self.ask(f"jobs/{last['jid']}/checkpoints"))[
            "counts"
        ]
        return counts

    def workers(self) -> list[str]:
        """Name the Python workers that are there."""
        pool = self.processes["workers"].pid
        return [line for line in children_of(pool) if line.split()[0] != str(pool)]

    def _conf(self) -> str:
        conf = {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": free_port(),
            "rest.port": self.rest_port,
            "rest.bind-address": "localhost",
            "taskmanager.host": "localhost",
            "taskmanager.numberOfTaskSlots": 2,
            "taskmanager.cpu.cores": 2,
            "taskmanager.memory.task.heap.size": "512m",
            "taskmanager.memory.task.off-heap.size": "128m",
            "taskmanager.memory.network.min": "64m",
            "taskmanager.memory.network.max": "64m",
            "taskmanager.memory.managed.size": "128m",
            "taskmanager.memory.framework.heap.size": "128m",
            "taskmanager.memory.framework.off-heap.size": "128m",
            "taskmanager.memory.jvm-metaspace.size": "256m",
            "taskmanager.memory.jvm-overhead.min": "192m",
            "taskmanager.memory.jvm-overhead.max": "192m",
            "classloader.resolve-order": "parent-first",  # the libraries are there already
            "heartbeat.timeout": 10000,
            "heartbeat.interval": 2000,
            "io.tmp.dirs": self.folder,
            "state.checkpoints.dir": f"file://{self.folder}/checkpoints",
        }
        return "".join(f"{name}: {value}\n" for name, value in conf.items())

    def _start_java(self, name: str, main: str) -> None:
        opened = [f"--add-opens=java.base/java.{each}=ALL-UNNAMED" for each in PACKAGES]
        libraries = f"{self.jar}:{self.jar.parent}/lib/*"
        memory = ["-Xmx1g", "-XX:MaxMetaspaceSize=256m"]
        self._start(
            name,
            ["java", *memory, *opened, "-cp", libraries, main, "--configDir", str(self.folder)],
        )

    def _start(self, name: str, command: Sequence[str]) -> None:
        log = self.folder / f"{name.replace(' ', '-')}.log"
        path = f"{self.python.parent}:{os.environ['PATH']}"  # the pool starts `python` from PATH
        with log.open("ab") as said:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, "PATH": path},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_S) -> None:
    """Wait for something to be so, or say what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.2)


@contextlib.contextmanager
def running_cluster(folder: Path, jar: Path, python: Path) -> Iterator[Cluster]:
    """Have a cluster while the block runs."""
    cluster = Cluster(folder, jar, python)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()

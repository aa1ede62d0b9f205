"""The pipeline on a real Flink cluster: `make test-flink` (it needs Java and Maven).

Job manager, task manager and Python workers are processes of their own. Collected only when
DATELINE_FLINK names the job server's jar; `make test` says so.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.demo_server import FIRST_EDITION, SECOND_EDITION, DemoServer
from tests.conftest import FLINK
from tests.flink.cluster import Cluster, running_cluster, wait_until
from tests.streaming.stream import Stream, flags, has_rows, rows_of
from tests.test_ingest import SITE
from tests.test_ingest import rows_of as all_rows_of

PYTHON = Path(__file__).parents[2] / ".venv-flink" / "bin" / "python"
PROGRAM = [str(PYTHON.with_name("dateline"))]
ONCE_AN_HOUR = "orzhan-monitor.example"  # its feed asks not to be polled more often


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(now=FIRST_EDITION) as server:
        yield server


@pytest.fixture(scope="module")
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("flink")
    with running_cluster(folder, Path(FLINK), PYTHON) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def one_pass(starting: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the warehouse of one pass on DirectRunner, which is made while the cluster starts."""
    warehouse = tmp_path_factory.mktemp("pass") / "news.duckdb"
    with DemoServer(now=FIRST_EDITION) as server:
        run([*flags(warehouse, server), "--now", FIRST_EDITION.isoformat()])
    return warehouse


@pytest.fixture(scope="module")
def cluster(starting: Cluster, one_pass: Path) -> Cluster:
    starting.wait_for_slots()
    return starting


def run(flags: list[str]) -> None:
    """Run the built package to its end."""
    done = subprocess.run([*PROGRAM, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def second_pass(one_pass: Path, folder: Path) -> tuple[Path, set[str]]:
    """Read the second edition after the first; give the warehouse, and the pages that were read."""
    warehouse, listed = folder / "two.duckdb", folder / "feeds.opml"
    shutil.copy(one_pass, warehouse)
    lines = (SITE / "feeds.opml").read_text().splitlines()
    listed.write_text("\n".join(line for line in lines if ONCE_AN_HOUR not in line))
    with DemoServer(now=SECOND_EDITION) as server:
        more = ["--feeds", str(listed), "--now", SECOND_EDITION.isoformat()]
        run([*flags(warehouse, server), *more])
        return warehouse, paths(server)


def paths(server: DemoServer, since: int = 0) -> set[str]:
    """Name what was asked for."""
    return {request.host + request.path for request in server.requests[since:]}


def test_the_bundled_site_gives_the_same_rows_on_flink(
    cluster: Cluster, tmp_path: Path, server: DemoServer, one_pass: Path
) -> None:
    warehouse = tmp_path / "news.duckdb"
    now = ["--now", FIRST_EDITION.isoformat()]
    run([*flags(warehouse, server), *now, *cluster.options()])
    rows = all_rows_of(warehouse)
    assert rows == all_rows_of(one_pass)
    assert len(rows["articles"]) > 50


def test_a_stream_gives_the_rows_of_passes_also_when_a_task_manager_dies(
    cluster: Cluster, tmp_path: Path, server: DemoServer, one_pass: Path
) -> None:
    warehouse = tmp_path / "news.duckdb"
    options = [*cluster.options(), "--beam-option", "checkpointing_interval=1000"]
    begun = [*flags(warehouse, server), *options, "--interval", "4s"]
    with Stream(PROGRAM, begun, tmp_path / "log") as stream:
        two_passes, read = second_pass(one_pass, tmp_path)
        stream.wait_until(lambda: has_rows(warehouse, rows_of(one_pass)), "the first edition")
        cluster.wait_for_checkpoint()
        asked = len(server.requests)
        server.set_now(SECOND_EDITION)
        feeds = paths(server)
        stream.wait_until(lambda: bool(paths(server, asked) - feeds), "a page of the second")
        cluster.kill("task manager")
        cluster.start_task_manager()
        stream.wait_until(lambda: has_rows(warehouse, rows_of(two_passes)), "the second edition")
        stream.stop()
    assert rows_of(warehouse) == rows_of(two_passes)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        runs = connection.execute("SELECT status, num_articles, num_feeds FROM runs").fetchall()
    assert runs == [("stopped", len(rows_of(warehouse)["article_revisions"]), None)]
    assert paths(server, asked) <= read  # what it remembered it did not read again
    assert cluster.restores() > 0
    said = stream.log.read_text()
    assert "the stream failed" not in said
    assert "it is left" not in said  # of what was under way when it was stopped
    wait_until(lambda: '"jobs-running":0' in cluster.overview(), "the job to end")
    wait_until(lambda: not cluster.workers(), "its workers to end")

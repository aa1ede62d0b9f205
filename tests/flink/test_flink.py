"""The pipeline on a real Flink cluster: `make test-flink` (it needs Java and Maven).

Job manager, task manager and Python workers are processes of their own. Collected only when
DATELINE_FLINK names the job server's jar; `make test` says so.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.demo_server import FIRST_EDITION, DemoServer
from tests.conftest import FLINK
from tests.flink.cluster import Cluster, running_cluster
from tests.streaming.stream import Stream, count_articles, flags, rows_of
from tests.test_ingest import rows_of as all_rows_of

PYTHON = Path(__file__).parents[2] / ".venv-flink" / "bin" / "python"
PROGRAM = [str(PYTHON.with_name("dateline"))]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("flink")
    with running_cluster(folder, Path(FLINK), PYTHON) as cluster:
        yield cluster


def run(flags: list[str]) -> None:
    """Run the built package to its end."""
    done = subprocess.run([*PROGRAM, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_bundled_site_gives_the_same_rows_on_flink(cluster: Cluster, tmp_path: Path) -> None:
    now = ["--now", FIRST_EDITION.isoformat()]
    direct, flink = tmp_path / "direct.duckdb", tmp_path / "flink.duckdb"
    with DemoServer(now=FIRST_EDITION) as server:
        run([*flags(direct, server), *now])
        run([*flags(flink, server), *now, *cluster.options()])
    rows = all_rows_of(flink)
    assert rows == all_rows_of(direct)
    assert len(rows["articles"]) > 50


def test_a_stream_goes_on_from_its_checkpoint_when_a_task_manager_dies(
    cluster: Cluster, tmp_path: Path
) -> None:
    one_pass, warehouse = tmp_path / "pass.duckdb", tmp_path / "stream.duckdb"
    with DemoServer(now=FIRST_EDITION) as server:
        run(flags(one_pass, server))
        options = [*cluster.options(), "--beam-option", "checkpointing_interval=1000"]
        with Stream(PROGRAM, [*flags(warehouse, server), *options], tmp_path / "log") as stream:
            stream.wait_until(lambda: count_articles(warehouse) > 5, "some articles")
            cluster.kill("task manager")
            cluster.start_task_manager()
            stream.wait_until_settled(warehouse, count_articles(one_pass))
            stream.stop()
    assert rows_of(warehouse) == rows_of(one_pass)
    assert "the stream failed" not in stream.log.read_text()
    assert '"jobs-running":0' in cluster.overview()

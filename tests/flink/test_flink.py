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
from tests.streaming.stream import flags
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

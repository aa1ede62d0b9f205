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
from tests.test_ingest import SITE, rows_of

PYTHON = Path(__file__).parents[2] / ".venv-flink" / "bin" / "python"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("flink")
    with running_cluster(folder, Path(FLINK), PYTHON) as cluster:
        yield cluster


def ingest(warehouse: Path, server: DemoServer, *flags: str) -> list[str]:
    """Give the command that reads the bundled site, by the built package."""
    return [
        *(str(PYTHON.with_name("dateline")), "ingest", "--feeds", str(SITE / "feeds.opml")),
        *("--warehouse", str(warehouse), "--connect-to", f"127.0.0.1:{server.port}"),
        *("--host-delay", "0", "--refetch", "0", "--workers", "2"),
        *("--places", str(SITE / "places.csv"), "--actors", str(SITE / "actors.csv")),
        *flags,
    ]


def test_the_bundled_site_gives_the_same_rows_on_flink(cluster: Cluster, tmp_path: Path) -> None:
    now = ("--now", FIRST_EDITION.isoformat())
    with DemoServer(now=FIRST_EDITION) as server:
        for name, flags in (("direct", []), ("flink", cluster.options())):
            command = ingest(tmp_path / f"{name}.duckdb", server, *now, *flags)
            done = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
            )
            assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "flink.duckdb")
    assert rows == rows_of(tmp_path / "direct.duckdb")
    assert len(rows["articles"]) > 50

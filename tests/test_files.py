from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.flow import RunContext
from schemas.vocabulary import Precision
from transforms.clean import clean_article
from transforms.extract import extract_article
from transforms.files import find_files, read_files

NOW = datetime(2026, 3, 20, tzinfo=UTC)
CONTEXT = RunContext(run_id="run", now=NOW)
PARAGRAPHS = [
    "PELL HARBOUR, Velmark (NPA) — A ferry caught fire on Tuesday and its 40 passengers were taken "
    "ashore by fishing boats, the harbour police said.",
    "“Nobody was hurt,” the captain’s brother told reporters. The company has stopped all sailings "
    "until the cause is known, and the mayor has asked the government for two other ships.",
    "It was the third fire on the line since May.",
]
MENU = ["In Other News", "Load More"]
HTML = (
    "<html lang=en><head><title>Ferry burns</title><link rel=canonical "
    "href='https://selvara.example/ferry'><meta property='article:published_time' "
    "content='2026-03-10T08:30:00Z'></head><body><article><h1>Ferry burns</h1>"
    + "".join(f"<p>{line}</p>" for line in [*PARAGRAPHS, *MENU])
    + "</article></body></html>"
)
TEXT = "\n\n".join(PARAGRAPHS) + "\n\n" + "\n".join(MENU)


def write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "ferry.html").write_text(HTML, encoding="utf-8")
    (folder / "ferry.txt").write_text(TEXT, encoding="utf-8")


def test_a_text_and_a_page_of_one_article_end_with_the_same_text(tmp_path: Path) -> None:
    write(tmp_path)
    published = datetime(2026, 3, 11, tzinfo=UTC)
    pages = read_files(str(tmp_path / "ferry.*"), published=published, context=CONTEXT)
    page, plain = (clean_article(extract_article(each, CONTEXT)) for each in pages)
    assert page.revision.text == plain.revision.text
    assert page.revision.text.split("\n\n")[1:] == PARAGRAPHS[1:]
    assert page.revision.dateline_place == plain.revision.dateline_place == "PELL HARBOUR"
    assert page.article.canonical_url == "https://selvara.example/ferry"
    assert page.revision.date_published == datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
    assert page.revision.date_published_source == "page"
    assert plain.revision.date_published == published
    assert plain.revision.date_published_precision is Precision.DAY
    assert plain.revision.date_published_source == "option"


def test_a_file_has_the_same_ids_in_any_folder(tmp_path: Path) -> None:
    ids = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        write(folder)
        (page,) = read_files(str(folder / "*.txt"), published=None, context=CONTEXT)
        article = extract_article(page, CONTEXT)
        ids.append((page.entry.entry_id, article.article.article_id, article.revision.revision_id))
    assert ids[0] == ids[1]


@pytest.mark.parametrize("pattern", ["*.htm", "missing.txt", "*.pdf", ""])
def test_a_pattern_without_a_readable_file_is_refused(tmp_path: Path, pattern: str) -> None:
    write(tmp_path)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValueError) as refused:
        find_files(str(tmp_path / pattern))
    assert "\n" not in str(refused.value)


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.html"
    with large.open("wb") as file:
        file.truncate(10_000_001)
    with pytest.raises(ValueError, match="larger"):
        find_files(str(large))

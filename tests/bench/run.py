"""What a whole pass costs beside a bare loop, and beside what one would use instead.

    make bench-run                                  all but the last, on pages of 600 words
    make bench-run FLAGS="--also PrismRunner='--runner PrismRunner'"
    make bench-run FLAGS="--linear 1000 20000"      does the cost grow in line with the articles?

Each contender reads the same saved pages, on all cores, in processes of its own: two bare loops
that share the pages (extract, clean, annotate: our functions without Beam and without rows on
disk), `dateline ingest` on a runner, and newspaper4k's extraction followed by our model. It does so
for few pages and for many; what is told is the difference, so that start-up does not count.
Rounds are interleaved. Processor time is that of all processes, however they are related.
"""

import argparse
import ctypes
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from schemas.flow import ExtractedArticle, Page, RunContext
from schemas.vocabulary import Rejected

CORES = os.cpu_count() or 1
NOW = datetime(2026, 3, 9, tzinfo=UTC)
CONTEXT = RunContext(run_id="bench", now=NOW)
WORDS, SHORT_WORDS = 600, 40
FURNITURE = "<nav>" + "<a href='/section'>Section</a> " * 600 + "</nav>"
NEWSPAPER = Path("build/newspaper")  # `make bench-run` puts it there
PR_SET_CHILD_SUBREAPER = 36


# ----------------------------------------------------------------- pages


def sentences() -> list[str]:
    """Give the paragraphs of the bundled site."""
    site = files("seeds") / "site"
    paths = [p for p in site.iterdir() if (p / "articles").is_dir()]
    return sorted(
        paragraph
        for path in paths
        for article in (path / "articles").iterdir()
        for paragraph in article.read_text(encoding="utf-8").split("\n\n")[1:]
        if len(paragraph.split()) > 15
    )


def write_pages(folder: Path, number: int, words: int) -> str:
    """Write pages, each with paragraphs of its own choice; give their pattern."""
    chance, paragraphs = random.Random(words), sentences()
    folder.mkdir()
    for n in range(number):
        chosen, size = [], 0
        while size < words:
            chosen.append(chance.choice(paragraphs))
            size += len(chosen[-1].split())
        title = f"Report {n} of {chosen[0].split()[0]}"
        body = "".join(f"<p>{each}</p>" for each in chosen)
        furniture = FURNITURE if words > SHORT_WORDS else ""
        (folder / f"{n:05}.html").write_text(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><body>"
            f"{furniture}<article><h1>{title}</h1>{body}</article>{furniture}</body></html>",
            encoding="utf-8",
        )
    return str(folder / "*.html")


# ----------------------------------------------------------------- contenders


def bare(pattern: str, part: int, *, with_newspaper: bool) -> None:
    """Read every so many pages in a loop: what one of the two processes does."""
    from transforms.annotate import annotate_article, load_reader
    from transforms.clean import clean_article
    from transforms.files import read_files

    reader = load_reader(None, None, None)
    extract = by_newspaper if with_newspaper else extracted
    for n, page in enumerate(read_files(pattern, published=NOW, context=CONTEXT)):
        if n % CORES == part:
            with suppress(Rejected):
                article = extract(page)
                article = article if with_newspaper else clean_article(article)
                annotate_article(article, reader, CONTEXT)


def extracted(page: Page) -> ExtractedArticle:
    """Extract as our stage does."""
    from transforms.extract import extract_article

    return extract_article(page, CONTEXT, ("en",))


def by_newspaper(page: Page) -> ExtractedArticle:
    """Extract with newspaper4k."""
    if str(NEWSPAPER) not in sys.path:
        sys.path.append(str(NEWSPAPER))  # last, so that what we share is the same
    from newspaper import Article as NewspaperArticle  # type: ignore[import-not-found]

    from schemas.rows import Article, ArticleRevision
    from schemas.vocabulary import ChangeType

    read = NewspaperArticle("http://a.example/", language="en", fetch_images=False)
    read.download(input_html=page.body.decode())
    read.parse()
    article = Article(
        article_id=page.entry.url_key,
        url=page.url,
        canonical_url=page.url,
        url_key=page.entry.url_key,
        first_seen_at=NOW,
        run_id="bench",
    )
    revision = ArticleRevision(
        revision_id=page.entry.url_key,
        article_id=page.entry.url_key,
        change_type=ChangeType.INITIAL,
        headline=read.title,
        text=read.text,
        text_sha256="",
        num_words=len(read.text.split()),
        date_published=NOW,
        fetched_at=NOW,
        extractor_version="newspaper4k",
        run_id="bench",
    )
    return ExtractedArticle(entry=page.entry, article=article, revision=revision)


def start_bare(pattern: str, *, mode: str) -> list["subprocess.Popen[bytes]"]:
    """Start the loops, one a core."""
    program = [sys.executable, "-W", "ignore", "-m", "tests.bench.run", f"--{mode}", pattern]
    return [subprocess.Popen([*program, str(part)]) for part in range(CORES)]


def start_ingest(pattern: str, *, flags: list[str]) -> list["subprocess.Popen[bytes]"]:
    """Start a pass."""
    warehouse = Path(tempfile.mkdtemp(dir=Path(pattern).parent)) / "news.duckdb"
    program = [sys.executable, "-m", "pipelines", "ingest", "--from-files", pattern]
    settings = ["--published", NOW.isoformat(), "--warehouse", str(warehouse), *flags]
    return [subprocess.Popen([*program, *settings], stdout=-3, stderr=-3)]


Start = Callable[[str], list["subprocess.Popen[bytes]"]]


def measure(start: Start, pattern: str) -> tuple[float, float]:
    """Run a contender on pages; give the seconds of processor time, and on the clock."""
    before, began = getrusage(RUSAGE_CHILDREN), time.monotonic()
    for process in start(pattern):
        if process.wait() != 0:
            raise SystemExit(f"{process.args!r} failed with {process.returncode}")
    clock_s = time.monotonic() - began
    with suppress(ChildProcessError):  # their fork servers and workers are ours now
        while True:
            os.wait()
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock_s


def own_orphans() -> None:
    """Have the children of processes that end handed to this one, to count their time, too."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# ----------------------------------------------------------------- figures


def compare(contenders: dict[str, Start], folder: Path, few: int, many: int, rounds: int) -> None:
    """Print what each costs by article, and beside the bare loops."""
    patterns = [write_pages(folder / str(n), n, WORDS) for n in (few, many)]
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    speed: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, start in contenders.items():
            (cpu_few, clock_few), (cpu_many, clock_many) = (measure(start, p) for p in patterns)
            cpu[name].append((cpu_many - cpu_few) / (many - few))
            speed[name].append((many - few) / (clock_many - clock_few))
            print(
                f"round {number + 1}: {name:<14} {1000 * cpu[name][-1]:6.0f} ms, "
                f"{speed[name][-1]:5.2f}/s; {cpu_few:.1f} and {cpu_many:.1f} s of processor time",
                flush=True,
            )
    base = next(iter(contenders))
    print(f"\n{many - few} articles of {WORDS} words, {CORES} cores, median of {rounds} rounds")
    for name in contenders:
        cost = statistics.median(cpu[name])
        costs = statistics.median(a / b for a, b in zip(cpu[name], cpu[base], strict=True))
        pace = statistics.median(a / b for a, b in zip(speed[name], speed[base], strict=True))
        articles_s = statistics.median(speed[name])
        print(
            f"{name:<14} {1000 * cost:6.0f} ms of processor time an article, {costs:.2f} of the "
            f"bare loops'; {articles_s:5.2f} articles/s, {pace:.2f} of theirs"
        )
    print("aims of DirectRunner: at most 1.05, at least 0.90; of Flink: at least 0.80")


def grow(start: Start, folder: Path, few: int, many: int) -> None:
    """Print how the cost grows with the number of articles, start-up and all."""
    patterns = [write_pages(folder / str(n), n, SHORT_WORDS) for n in (few, many)]
    (cpu_few, clock_few), (cpu_many, clock_many) = (measure(start, each) for each in patterns)
    print(f"{few} and {many} articles of {SHORT_WORDS} words or a little more:")
    print(f"  processor time {cpu_few:.0f} and {cpu_many:.0f} s, ratio {cpu_many / cpu_few:.1f}")
    print(
        f"  on the clock {clock_few:.0f} and {clock_many:.0f} s, ratio {clock_many / clock_few:.1f}"
    )
    print(f"  aim at most {1.05 * many / few:.1f}")


def named(also: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Read the runners that are to be measured, too: NAME=FLAGS."""
    for each in also:
        name, _, flags = each.partition("=")
        yield name, shlex.split(flags)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=40)
    parser.add_argument("--many", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--also", action="append", default=[], metavar="NAME=FLAGS")
    parser.add_argument("--linear", type=int, nargs=2, metavar=("FEW", "MANY"))
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--newspaper", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if part := args.bare or args.newspaper:
        bare(part[0], int(part[1]), with_newspaper=bool(args.newspaper))
        return
    own_orphans()
    with tempfile.TemporaryDirectory() as top:
        if args.linear:
            grow(partial(start_ingest, flags=[]), Path(top), *args.linear)
            return
        contenders: dict[str, Start] = {
            "bare loops": partial(start_bare, mode="bare"),
            "DirectRunner": partial(start_ingest, flags=[]),
            **{name: partial(start_ingest, flags=flags) for name, flags in named(args.also)},
        }
        if NEWSPAPER.is_dir():
            contenders["newspaper4k"] = partial(start_bare, mode="newspaper")
        compare(contenders, Path(top), args.few, args.many, args.rounds)


if __name__ == "__main__":
    main()

"""`dateline feeds`: keep the list of feeds, and see which of them are alive, and why not.

In: a list (OPML, or one address a line) that is the user's own file, and addresses. Out: the list
with feeds added or taken out, the rest of it untouched; or a table of how the feeds are. An address
may be a feed's or a site's: of a site, the feed it names is found. Every address is asked through
the one guarded fetcher. Exit code 1: a feed is broken or was not found.
"""

import argparse
import functools
import json
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.options import DEFAULT_WAREHOUSE, UsageError, add_asking, check_host
from pipelines.query import ask, harmless, plain, print_table
from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Feed
from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer, check_status
from transforms.feed_checks import (
    FeedCheck,
    FeedState,
    broken,
    judge,
    offered_feeds,
    sitemaps_of,
    usual_addresses,
)
from transforms.feed_file import add_feeds, remove_feeds, to_lines, to_opml, write_whole
from transforms.feed_formats import ParsedFeed, parse_feed
from transforms.opml import make_feed, read_feed_list
from transforms.placeholders import ask_listed
from transforms.urls import clean_url, host_of
from transforms.warehouse import Answer as Table
from transforms.web import FEEDS, PAGES, Web, WebSettings
from transforms.workers import Workers, outcome

DEFAULT_FEEDS = "feeds.opml"
PARSE_TIMEOUT_S = 10.0
HOST_DELAY_S = 0.5  # somebody waits, and a site is asked a dozen times at the most
EXAMPLES = """\
examples:
  dateline feeds add https://news.example/            find the site's feed and list it in feeds.opml
  dateline feeds check                                see which feeds are alive, and why not
  dateline feeds list --warehouse dateline.duckdb     when each brought news last
  dateline feeds import other.opml                    add the feeds of another list
  dateline feeds export --format txt                  write the addresses, one a line
"""
STATE_SQL = """
SELECT
  feed_id,
  state,
  CASE WHEN consecutive_failures > 0 THEN COALESCE(last_detail, last_reason) END AS why,
  entries_per_day,
  silent_since,
  last_success_at,
  next_poll_at,
  consecutive_failures
FROM feed_health
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `dateline feeds` and their flags."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, meaning: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        made.add_argument(
            "--feeds", default=DEFAULT_FEEDS, metavar="FILE", help="the list; default: %(default)s"
        )
        return made

    check = action("check", "ask every feed once and tell how it is")
    check.add_argument("address", nargs="*", help="these feeds or sites, not those of the list")
    listed = action("list", "list the feeds, and how they are by the warehouse")
    listed.add_argument("--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH")
    add = action("add", "find the feed of an address and add it to the list")
    add.add_argument("address", nargs="+", help="address of a feed, or of a site")
    add.add_argument("--category", metavar="NAME", help="outline to put them under")
    add.add_argument(
        "--tls-exempt", action="store_true", help="read them although their certificate is broken"
    )
    add.add_argument("--unseen", action="store_true", help="add them as they are, without asking")
    remove = action("remove", "take feeds out of the list")
    remove.add_argument("address", nargs="+", help="address of a feed, as it is listed")
    action("import", "add the feeds of another list").add_argument("file", metavar="FILE")
    export = action("export", "write the list as OPML or as plain addresses")
    export.add_argument("file", nargs="?", metavar="FILE", help="default: standard output")
    export.add_argument("--format", choices=("opml", "txt"), default="opml")
    for made in (check, listed):
        made.add_argument("--format", choices=("table", "json"), default="table")
    for made in (check, add):
        add_asking(made)


def run(args: argparse.Namespace) -> int:
    """Do one action."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "check": check_list,
        "list": list_feeds,
        "add": add_to_list,
        "remove": remove_from_list,
        "import": import_list,
        "export": export_list,
    }
    return actions[args.action](args)


@dataclass
class Looker:
    """Asks for feeds and reads them: many at once, each in a killable worker."""

    web: Web
    workers: Workers
    now: datetime

    def check(
        self,
        urls: Sequence[str],
        *,
        exempt: Container[str] | None = None,
        are_listed: bool = True,
    ) -> list[FeedCheck]:
        """Look at feeds; those that are exempt need not prove their certificate.

        Those that the user listed may name secrets.
        """
        asked = [
            (url, self._get(url, FEEDS, is_exempt=url in (exempt or ()), is_listed=are_listed))
            for url in urls
        ]
        return [self._look(url, future) for url, future in asked]

    def find(self, url: str, *, is_exempt: bool = False) -> tuple[list[FeedCheck], list[str]]:
        """Find the feed of an address: its own, or of the site there; and what else is offered."""
        asked = self._get(url, f"{FEEDS}, {PAGES}", is_exempt=is_exempt, is_listed=True)
        own = self._look(url, asked)
        if own.state is not FeedState.BROKEN or asked.exception() is not None:
            return [own], []
        answer = asked.result()
        if answer.status != 200:
            return [own], []
        offered = offered_feeds(answer)
        for candidates in (offered, list(usual_addresses(answer.url)), self._sitemaps(answer.url)):
            exempt = candidates if is_exempt else None
            looked_at = self.check(candidates, exempt=exempt, are_listed=False)
            alive = [c for c in looked_at if c.state is not FeedState.BROKEN]
            if alive:
                return alive[:1], [c.url for c in alive[1:]] if candidates is offered else []
        return [own], []

    def _get(self, url: str, accept: str, *, is_exempt: bool, is_listed: bool) -> "Future[Answer]":
        listed = url if is_listed else None
        return ask_listed(self.web, url, listed, accept=accept, is_tls_exempt=is_exempt)

    def _sitemaps(self, url: str) -> list[str]:
        robots = clean_url("/robots.txt", url)
        assert robots is not None  # the address was asked for
        try:
            return sitemaps_of(self.web.get(robots).result())
        except Rejected:
            return []

    def _look(self, url: str, asked: "Future[Answer]") -> FeedCheck:
        answer = None
        try:
            answer = asked.result()
            check_status(answer)
            read = functools.partial(parse_feed, url=answer.url, content_type=answer.content_type)
            task = self.workers.submit(read, answer.body, timeout_s=PARSE_TIMEOUT_S)
            parsed: ParsedFeed = outcome(task, reason=Reason.BROKEN_FEED)
        except Rejected as rejected:
            return broken(url, answer, rejected)
        return judge(url, answer, parsed, self.now)


@contextmanager
def looking(args: argparse.Namespace) -> Iterator[Looker]:
    """Open the fetcher and the workers, and close them."""
    check_host("--connect-to", args.connect_to)
    settings = WebSettings(
        contact=args.contact,
        timeout_s=args.timeout,
        connect_to=args.connect_to,
        host_delay_s=0.0 if args.connect_to else HOST_DELAY_S,
    )
    web = Web(settings)
    try:
        yield Looker(web, reader(), datetime.now(UTC))
    finally:
        web.close()


@functools.cache
def reader() -> Workers:
    """Give the process's one worker that reads feeds; it ends with the interpreter."""
    return Workers(1, preloaded=("transforms.feed_formats",))


def check_list(args: argparse.Namespace) -> int:
    """Ask every feed and show how it is."""
    with looking(args) as looker:
        if args.address:
            checks = [c for url in cleaned(args.address) for c in looker.find(url)[0]]
        else:
            feeds = read_list(args.feeds)
            exempt = {feed.url for feed in feeds if feed.is_tls_exempt}
            checks = looker.check([feed.url for feed in feeds], exempt=exempt)
    checks.sort(key=lambda check: (check.state is FeedState.ALIVE, check.state, check.url))
    show(args.format, [asdict(check) for check in checks], map(as_row, checks))
    sick = sum(check.state is FeedState.BROKEN for check in checks)
    say(f"{len(checks) - sick} of {len(checks)} feeds can be read")
    return 1 if sick else 0


def list_feeds(args: argparse.Namespace) -> int:
    """List the feeds with what the warehouse knows of them."""
    known: dict[str, dict[str, Any]] = {}
    if Path(args.warehouse).is_file():
        answer = ask(args.warehouse, STATE_SQL)
        records = (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)
        known = {record.pop("feed_id"): record for record in records}
    rows = [
        {"feed": feed.title or feed.url, "category": feed.category, "url": feed.url}
        | known.get(feed.feed_id, {"state": "never polled" if known else None})
        for feed in read_list(args.feeds)
    ]
    show(args.format, rows, rows)
    return 0


def add_to_list(args: argparse.Namespace) -> int:
    """Find feeds and add them."""
    urls = cleaned(args.address)
    if args.unseen:
        checks = [FeedCheck(url=url, state=FeedState.ALIVE) for url in urls]
    else:
        checks = []
        with looking(args) as looker:
            for url in urls:
                found, others = looker.find(url, is_exempt=args.tls_exempt)
                checks += found
                for other in others:
                    say(f"{host_of(url)} also offers {other}")
    good = [check for check in checks if check.state is not FeedState.BROKEN]
    for check in checks:
        if check.state is FeedState.BROKEN:
            say(f"not added: {check.url} ({check.why})")
    found_feeds = (feed_of(check, args.category) for check in good)
    exempt = args.tls_exempt or None
    extend(args.feeds, [replace(feed, is_tls_exempt=exempt) for feed in found_feeds])
    return 1 if len(good) < len(checks) else 0


def remove_from_list(args: argparse.Namespace) -> int:
    """Take feeds out."""
    body = read_body(args.feeds)
    try:
        changed, removed = remove_feeds(body, cleaned(args.address))
    except ValueError as error:
        raise UsageError(f"--feeds {args.feeds}: {error}") from error
    if removed:
        write_whole(Path(args.feeds), changed)
    for url in removed:
        say(f"removed {url}")
    missing = len(args.address) - len(removed)
    if missing > 0:
        say(f"{missing} of these addresses are not listed (`dateline feeds list` shows those are)")
    return 1 if missing > 0 else 0


def import_list(args: argparse.Namespace) -> int:
    """Add the feeds of another list."""
    extend(args.feeds, read_list(args.file))
    return 0


def export_list(args: argparse.Namespace) -> int:
    """Write the list."""
    feeds = read_list(args.feeds)
    body = to_opml(feeds) if args.format == "opml" else to_lines(feeds)
    if args.file:
        try:
            write_whole(Path(args.file), body)
        except OSError as error:
            raise UsageError(f"{args.file}: cannot be written ({error.strerror})") from error
        say(f"{len(feeds)} feeds written to {args.file}")
    else:
        print(body.decode(), end="")
    return 0


def extend(path: str, feeds: Sequence[Feed]) -> None:
    """Add feeds to a list, which is made where it is not there."""
    body = read_body(path) if Path(path).exists() else None
    try:
        changed, added = add_feeds(body, feeds)
        if added:
            write_whole(Path(path), changed)
    except ValueError as error:
        raise UsageError(f"--feeds {path}: {error}") from error
    except OSError as error:
        raise UsageError(f"--feeds {path}: cannot be written ({error.strerror})") from error
    for feed in added:
        say(f"added {feed.url}" + (f" ({feed.title})" if feed.title else ""))
    if len(feeds) > len(added):
        say(f"{len(feeds) - len(added)} listed already")


def read_list(path: str) -> list[Feed]:
    """Read a list of feeds."""
    read_body(path)
    try:
        return read_feed_list(Path(path), here())
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def read_body(path: str) -> bytes:
    """Read a list's bytes; what cannot be read is a `UsageError`."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        hint = "; `dateline feeds add ADDRESS` makes it" if path == DEFAULT_FEEDS else ""
        raise UsageError(f"{path}: cannot be read ({error.strerror}){hint}") from error


def cleaned(addresses: Iterable[str]) -> list[str]:
    """Read addresses as people write them: `news.example` is one too."""
    urls = []
    for address in addresses:
        url = clean_url(address if "://" in address else f"https://{address}")
        if url is None:
            raise UsageError(f"{address!r} is no address; write https://news.example/feed")
        urls.append(url)
    return urls


def feed_of(check: FeedCheck, category: str | None) -> Feed:
    """Make the feed to be listed of one that was looked at."""
    return make_feed(check.url, check.title, category, check.site_url, here())


def here() -> RunContext:
    """Give the context of a command that is no run."""
    now = datetime.now(UTC)
    return RunContext(run_id=content_id("feeds", now), now=now)


def as_row(check: FeedCheck) -> dict[str, Any]:
    """Give what a person reads of a check."""
    moved = f"now at {check.moved_to}" if check.moved_to else None
    unproven = "its certificate proves nothing: exempt" if check.is_tls_verified is False else None
    return {
        "feed": check.title or check.url,
        "state": check.state,
        "status": check.http_status,
        "format": check.feed_format,
        "entries": check.num_entries,
        "newest": check.newest_entry_at,
        "why": "; ".join(part for part in (check.why, moved, unproven) if part) or None,
    }


def show(form: str, records: Sequence[dict[str, Any]], rows: Iterable[dict[str, Any]]) -> None:
    """Print JSON, an object a line, or a table."""
    if form == "json":
        for record in records:
            print(json.dumps(plain(record), allow_nan=False))
    else:
        listed = list(rows)
        names = tuple(listed[0]) if listed else ()
        print_table(Table(names, [tuple(row.values()) for row in listed], is_cut=False))


def say(line: str) -> None:
    """Tell what was done."""
    print(harmless(line), file=sys.stderr)

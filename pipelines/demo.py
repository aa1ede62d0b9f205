"""Ingest the bundled news site over HTTP, and show what came of it: what `make run` does.

The site is served on loopback by a real server and read like any other. Its world has a clock
with two editions a week apart; each is a pass, so that corrections and withdrawals show. Where
the warehouse has both already, an hour has passed in that world and nothing new was published.
"""

import argparse
from datetime import datetime, timedelta
from importlib.resources import files

from pipelines.demo_server import FIRST_EDITION, SECOND_EDITION, DemoServer
from pipelines.options import DEFAULT_WAREHOUSE, IngestSettings, add_workers

QUIET_HOUR = timedelta(hours=1)
SHOWN_EVENTS = 12
NEXT_STEPS = """
Ask it yourself:
  .venv/bin/dateline query --warehouse {warehouse}                   lists the named queries
  .venv/bin/dateline query --warehouse {warehouse} who_did_what
  .venv/bin/dateline ingest --feeds seeds/world.opml                 some thirty real news feeds"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline demo`."""
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )
    add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Ingest the editions that the warehouse does not have yet; show events and sums."""
    from pipelines.ingest import ingest  # Beam takes two seconds to import
    from pipelines.query import show
    from transforms.warehouse import open_warehouse

    with DemoServer(now=FIRST_EDITION) as server:
        for now in editions_after(open_warehouse(args.warehouse).last_complete_run_at()):
            server.set_now(now)
            print(f"\nThe news world on {now:%-d %B %Y, %H:%M} UTC")
            code = ingest(settings_at(now, args, server.port))
            if code:
                return code
    print("\nWhat happened, by these sites")
    show(args.warehouse, "latest_events", limit=SHOWN_EVENTS)
    print(NEXT_STEPS.format(warehouse=args.warehouse))
    return 0


def settings_at(now: datetime, args: argparse.Namespace, port: int) -> IngestSettings:
    """Set up a pass over the bundled site as it stands at an instant of its world."""
    site = files("seeds") / "site"
    return IngestSettings(
        warehouse=args.warehouse,
        feeds=str(site / "feeds.opml"),
        places=str(site / "places.csv"),
        actors=str(site / "actors.csv"),
        workers=args.workers,
        archive=f"{args.warehouse}.archive",
        now=now,
        host_delay_s=0.0,  # it is our own machine
        refetch=(),  # its feeds tell of every change
        connect_to=f"127.0.0.1:{port}",
    )


def editions_after(last: datetime | None) -> list[datetime]:
    """Say which instants of the world are still to be read."""
    if last is None:
        return [FIRST_EDITION, SECOND_EDITION]
    return [SECOND_EDITION] if last < SECOND_EDITION else [last + QUIET_HOUR]

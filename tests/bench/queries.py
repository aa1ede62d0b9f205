"""How long named queries take on a million event mentions: python -m tests.bench.queries.

The warehouse is that of `world`: random, so that nothing about an event agrees between its
mentions, which is the worst for the view `events`. Each query is asked for what a person takes in,
a thousand rows, three times; printed are the least processor time and the least time on the clock.
"""

import argparse
import tempfile
import time
from pathlib import Path

from pipelines.query import ask
from schemas.sql import queries
from tests.bench.world import fill
from transforms.warehouse import open_warehouse

AIM_S = 1.0
RUNS = 3
MAX_ROWS = 1000
PARAMETERS = {
    "articles_about": {"words": "w77 w77"},
    "evidence_for_country": {"country": "SYR"},
    "moving_goldstein": {"actor": "RUS", "recipient": "UKR"},
    "named_with": {"name": "Entity 7"},
    "who_did_what": {"who": "entity 77"},
}


def main() -> None:
    """Make the warehouse, if it is not there, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--warehouse", type=Path, help="keep it there; default: a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.warehouse or Path(folder) / "bench.duckdb"
        if not path.exists():
            fill(path, args.mentions)
        open_warehouse(str(path)).prepare()
        slow = [name for name in queries() if measure(str(path), name) >= AIM_S]
    print(f"{len(queries())} queries; {AIM_S:.0f} s or more: {', '.join(slow) or 'none'}")


def measure(path: str, name: str) -> float:
    """Ask a query and give the least time on the clock."""
    walls, cpus = [], []
    for _ in range(RUNS):
        began, used = time.perf_counter(), time.process_time()
        answer = ask(path, name, parameters=PARAMETERS.get(name), limit=MAX_ROWS)
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - used)
    rows = f"{len(answer.rows)}{'+' if answer.is_cut else ''} rows"
    print(f"{name:26} {min(walls):5.2f} s, {min(cpus):5.2f} s of processor time, {rows}")
    return min(walls)


if __name__ == "__main__":
    main()

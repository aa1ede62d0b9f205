"""The views as Terraform makes them: `python -m pipelines.deploy.views > …/terraform/views.json`.

Out: views by level, each reading only from tables and from views of the levels before; in their
SQL stands PROJECT.DATASET, which Terraform replaces.
"""

import json
import re

from schemas.dialects import to_bigquery
from schemas.sql import Statement, views
from schemas.tables import TABLES, bigquery_name, latest_rows

DATASET = "PROJECT.DATASET"


def levels() -> list[dict[str, str]]:
    """Give the views by level, name → SQL."""
    made = [{table: latest_rows(table, f"`{DATASET}.{bigquery_name(table)}`") for table in TABLES}]
    waiting = list(views())
    while waiting:
        names = {view.name for view in waiting}
        ready = [view for view in waiting if not _reads(view, names - {view.name})]
        made.append({view.name: to_bigquery(view.sql, dataset=DATASET) for view in ready})
        waiting = [view for view in waiting if view not in ready]
    return made


def _reads(view: Statement, names: set[str]) -> bool:
    return any(re.search(rf"\b(?:FROM|JOIN) {name}\b", view.sql) for name in names)


if __name__ == "__main__":
    print(json.dumps(levels(), indent=2))

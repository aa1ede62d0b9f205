"""`dateline compact`: join the many small files of a Parquet warehouse to one a table.

In: a folder of Parquet files that no run writes to. Out: one file a table, without the rows that
no view gives. A DuckDB file or BigQuery keeps itself in order and is refused.
"""

import argparse

from transforms.locks import WarehouseError, exclusive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline compact`."""
    parser.add_argument("--warehouse", required=True, metavar="parquet:DIR")


def run(args: argparse.Namespace) -> int:
    """Compact a warehouse that no run writes to."""
    from transforms.warehouse import ParquetWarehouse, open_warehouse

    warehouse = open_warehouse(args.warehouse)
    if not isinstance(warehouse, ParquetWarehouse):
        raise WarehouseError(f"{args.warehouse}: only parquet:DIR has files to join")
    warehouse.prepare()
    with exclusive(args.warehouse):
        for line in warehouse.compact():
            print(line)
    print(f"{args.warehouse} is compact")
    return 0

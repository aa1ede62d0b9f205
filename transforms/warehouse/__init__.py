"""The warehouse, by its address: a DuckDB file, a folder of Parquet files or BigQuery. No Beam.

In: an address. Out: a `Warehouse`, which takes staged rows and answers questions. Only the modules
of this package import DuckDB or BigQuery.
"""

from collections.abc import Callable

from transforms.locks import WarehouseError
from transforms.warehouse import parquet_folder
from transforms.warehouse.base import Answer, Merged, Warehouse
from transforms.warehouse.bigquery import PREFIX, read_address
from transforms.warehouse.duckdb_file import DuckDbWarehouse
from transforms.warehouse.parquet_folder import ParquetWarehouse
from transforms.warehouse.staging import StagedFile, StagingFolder

__all__ = [
    "Answer",
    "DuckDbWarehouse",
    "Merged",
    "ParquetWarehouse",
    "StagedFile",
    "StagingFolder",
    "Warehouse",
    "open_warehouse",
]


def open_warehouse(address: str, *, on_wait: Callable[[str], None] = print) -> Warehouse:
    """Open a warehouse by its address; nothing is touched yet."""
    if address.startswith(PREFIX):
        return read_address(address)
    if address.startswith(parquet_folder.PREFIX) and address != parquet_folder.PREFIX:
        return ParquetWarehouse(address.removeprefix(parquet_folder.PREFIX))
    if "://" in address or address == parquet_folder.PREFIX:
        raise WarehouseError(
            f"{address}: give a path such as news.duckdb, parquet:DIR or bigquery:PROJECT.DATASET"
        )
    if not address or address.startswith(":"):  # DuckDB would keep it in memory, and forget it
        raise WarehouseError(f"{address!r} is no file; give a path such as news.duckdb")
    return DuckDbWarehouse(address, on_wait=on_wait)

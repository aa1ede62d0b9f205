"""Start the emulator, offline: python serve.py FOLDER PORT GRPC_PORT, by its own environment."""

import importlib
import os
import sys
from pathlib import Path

import duckdb

folder, port, grpc_port = sys.argv[1:]
os.environ["HOME"] = folder  # where DuckDB keeps the extensions that the wheels bring
with duckdb.connect() as connection:
    for name in ("icu", "spatial", "ducklake"):
        root = Path(str(importlib.import_module(f"duckdb_extension_{name}").__file__)).parent
        (extension,) = root.rglob("*.duckdb_extension")
        connection.execute(f"INSTALL '{extension}'")
program = Path(sys.executable).with_name("local-bigquery")
ports = ["--port", port, "--grpc-port", grpc_port]
os.execv(program, [program, "--host", "127.0.0.1", *ports, "--data-dir", f"{folder}/data"])

"""The shape of data: rows, the tables derived from them, views and named queries."""

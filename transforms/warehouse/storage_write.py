"""Rows into BigQuery as they come, by the Storage Write API.

In: rows of a table. Out: the same, appended to the table's default stream, seen by queries within
seconds. At least once: a retried bundle appends its rows again, and the views give each key once.
The message type of a table is made from its definition, as all its other schemas are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from schemas.tables import TABLES, Row, bigquery_name, columns, to_record
from transforms.locks import WarehouseError

if TYPE_CHECKING:
    from google.cloud.bigquery_storage_v1 import BigQueryWriteClient
    from google.protobuf.descriptor_pb2 import DescriptorProto

MAX_BYTES = 8_000_000  # of a request; the API takes ten million
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def descriptor(table: str) -> "DescriptorProto":
    """Describe a table's rows as a message: times in microseconds, dates in days, since 1970."""
    from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

    field = FieldDescriptorProto
    kinds = {
        str: field.TYPE_STRING,
        int: field.TYPE_INT64,
        float: field.TYPE_DOUBLE,
        bool: field.TYPE_BOOL,
        datetime: field.TYPE_INT64,
        date: field.TYPE_INT32,
    }
    made = DescriptorProto(name=table)
    for number, column in enumerate(columns(TABLES[table]), start=1):
        label = field.LABEL_REQUIRED if column.is_required else field.LABEL_OPTIONAL
        made.field.add(
            name=column.name,
            number=number,
            type=kinds[column.kind],
            label=field.LABEL_REPEATED if column.is_repeated else label,
        )
    return made


def message_class(table: str) -> Any:
    """Make the class of a table's messages."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name=f"{table}.proto", package="dateline", syntax="proto2")
    file.message_type.add().CopyFrom(descriptor(table))
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"dateline.{table}"))


def encode(row: Row, message: Any) -> bytes:
    """Give a row as bytes; what is not known is left out."""
    known = {
        name: _encoded(value) for name, value in to_record(row).items() if value not in (None, ())
    }
    encoded: bytes = message(**known).SerializeToString()
    return encoded


def _encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, date):
        return (value - EPOCH.date()).days
    return str(value) if isinstance(value, str) else value  # a plain text of an enumeration


@dataclass(frozen=True)
class RowAppender:
    """Appends rows to the tables of a dataset; `grpc` is the address of an emulator."""

    project: str
    dataset: str
    grpc: str | None = None

    @cached_property
    def _client(self) -> "BigQueryWriteClient":
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud.bigquery_storage_v1 import BigQueryWriteClient

        try:
            if not self.grpc:
                return BigQueryWriteClient()
        except DefaultCredentialsError as error:
            raise WarehouseError(
                f"{self.project}.{self.dataset}: no Google credentials; "
                "run: gcloud auth application-default login"
            ) from error
        import grpc
        from google.cloud.bigquery_storage_v1.services.big_query_write import transports

        channel = grpc.insecure_channel(self.grpc)
        transport = transports.BigQueryWriteGrpcTransport(channel=channel)
        return BigQueryWriteClient(transport=transport)

    def append(self, table: str, rows: Sequence[Row]) -> None:
        """Append rows of one table; a row that BigQuery refuses is an error that names it."""
        from google.api_core.exceptions import GoogleAPIError

        try:
            for answer in self._client.append_rows(iter(self._requests(table, rows))):
                if answer.row_errors or answer.error.code:
                    told = [error.message for error in answer.row_errors] or [answer.error.message]
                    raise WarehouseError(f"{table}: {told[0].splitlines()[0]}")
        except GoogleAPIError as error:
            raise WarehouseError(f"{table}: {str(error).splitlines()[0]}") from error

    def _requests(self, table: str, rows: Sequence[Row]) -> Iterator[Any]:
        from google.cloud.bigquery_storage_v1 import types

        message = message_class(table)
        name = f"projects/{self.project}/datasets/{self.dataset}/tables/{bigquery_name(table)}"
        for part in parts([encode(row, message) for row in rows]):
            data = types.AppendRowsRequest.ProtoData(
                writer_schema=types.ProtoSchema(proto_descriptor=descriptor(table)),
                rows=types.ProtoRows(serialized_rows=part),
            )
            yield types.AppendRowsRequest(write_stream=f"{name}/streams/_default", proto_rows=data)


def parts(encoded: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Divide rows into requests that the API takes."""
    part: list[bytes] = []
    size = 0
    for row in encoded:
        if part and size + len(row) > MAX_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row)
    if part:
        yield part

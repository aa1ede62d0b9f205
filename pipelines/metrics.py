"""The sums of the last pass as Prometheus text, for node_exporter's textfile collector.

In: how a pass ended. Out: a file that is replaced whole. All are gauges, because each tells of one
pass: a process that does a pass and exits has no counter that could go on.
"""

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from pipelines.options import UsageError
from pipelines.sums import PassResult

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def write_metrics(path: str, result: PassResult, last_complete_at: datetime | None) -> None:
    """Replace the file by the sums of a pass."""
    try:
        write_to_textfile(path, gather(result, last_complete_at))
    except OSError as error:
        raise UsageError(f"--metrics {path}: cannot be written ({error.strerror})") from error


def gather(result: PassResult, last_complete_at: datetime | None) -> CollectorRegistry:
    """Lay the sums of a pass out as metrics."""
    registry = CollectorRegistry()
    run = result.run

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"dateline_{name}", f"{meaning}, last pass.", labels, registry=registry)

    elements = gauge("stage_elements", "Elements that left a stage", "stage", "outcome", "reason")
    latency = gauge("stage_latency_seconds", "Seconds an element took", "stage", "statistic")
    rows = gauge("rows", "Rows new in a table", "table")
    for each in result.sums:
        elements.labels(each.stage, "out", "").set(each.left)
        elements.labels(each.stage, "duplicate", "").set(each.duplicates)
        for reason, number in each.rejected.items():
            elements.labels(each.stage, "rejected", reason).set(number)
        if each.latency:
            mean_ms = each.latency.total_ms / each.latency.count
            latency.labels(each.stage, "mean").set(mean_ms / 1000)
            latency.labels(each.stage, "max").set(each.latency.max_ms / 1000)
            for name, share in QUANTILES.items():
                latency.labels(each.stage, name).set(each.latency.quantile_ms(share) / 1000)
    for table, merged in result.tables.items():
        rows.labels(table).set(merged.inserted)
    gauge("feeds_due", "Feeds that were due and asked").set(run.num_feeds or 0)
    gauge("feeds_not_due", "Feeds left for later").set(len(result.feeds_not_due))
    gauge("run_seconds", "Seconds of wall clock").set(run.seconds or 0)
    gauge("run_complete", "1 where nothing was left to the next one").set(run.status == "complete")
    if last_complete_at:
        last = gauge("last_complete_timestamp_seconds", "Start of the last complete run, as of the")
        last.set(last_complete_at.timestamp())
    if run.ended_at:
        gauge("run_ended_timestamp_seconds", "When it ended").set(run.ended_at.timestamp())
    return registry

"""The stages: how one kind of row becomes the next. One stage a module."""

import logging


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record is more than Beam's word at import on Google packages not installed."""
    return not record.getMessage().startswith(("Failed to import GCSFileSystem", "apitools not"))


for _name in ("", "apache_beam.io.filesystems"):
    logging.getLogger(_name).addFilter(_is_news)

"""The page itself: values into HTML.

In: a `Report`. Out: HTML that stands alone. Whatever a template prints goes through `clean` and is
then escaped; an address becomes a link only when it is one of the web, and says where it leads.
"""

import math
import unicodedata
from datetime import datetime
from importlib.resources import files
from itertools import groupby, islice
from typing import Any
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from pipelines.query import harmless
from pipelines.report.charts import NO_QUAD, QUADS, leading_quad
from pipelines.report.figures import Report, day_of, quads_of

MAX_TEXT = 2000  # code points of one value: no title needs more
MAX_MARKS = 3  # on one letter; no script in use needs more
PAGE = "page.html"


class PackagedTemplates(BaseLoader):
    """Templates beside this module, from wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:
        if template not in (PAGE, "style.css"):
            raise TemplateNotFound(template)
        return (files("pipelines.report") / template).read_text(encoding="utf-8"), None, None


def render(report: Report) -> str:
    """Write the page."""
    environment = Environment(
        loader=PackagedTemplates(),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=day_of, minute=minute_of, host=host_of, number=number, safe_link=web_address
    )
    template = environment.get_template(PAGE)
    return template.render(
        r=report,
        quad_names=(NO_QUAD, *QUADS),
        quads_of=quads_of,
        leading_quad=leading_quad,
        share=share,
    )


def clean(value: Any) -> Any:
    """Drop what nobody sees from text, and cut what nobody reads; None prints as a dash."""
    if value is None:
        return "–"
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    # marks piled on one letter would cover the lines above and below
    runs = groupby(unicodedata.normalize("NFC", harmless(value[:MAX_TEXT])), _is_mark)
    text = "".join("".join(islice(run, MAX_MARKS) if mark else run) for mark, run in runs)
    return f"{text}…" if len(value) > MAX_TEXT else text


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Me")


def web_address(url: str | None) -> str | None:
    """Give an address that a link may lead to: of the web, and without a name before the host."""
    if not url or not url.isprintable() or any(c.isspace() or c in "\"'<>`\\" for c in url):
        return None
    try:
        parts = urlsplit(url)
        port_is_whole = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return url if is_web and port_is_whole and len(url) <= MAX_TEXT else None


def host_of(url: str | None) -> str:
    """Name the host of an address that may be linked."""
    return (urlsplit(url).hostname or "") if url and web_address(url) else ""


def minute_of(value: datetime | None) -> str:
    """Give a time as people read it."""
    return value.strftime("%Y-%m-%d %H:%M") if value else "–"


def number(value: float | None) -> str:
    """Give a number with its thousands apart."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    return f"{value:,}".replace(",", " ")


def share(part: int, whole: int) -> str:
    """Give a part of a whole in percent, as CSS has it."""
    return f"{100 * part / whole:.2f}%" if whole else "0%"

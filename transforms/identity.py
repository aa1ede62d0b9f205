"""Tell whether two entries name one article, though its address changed. Pure.

In: what a feed says of an entry. Out: keys; two entries that share one name the same article.
Sites put headlines into addresses and correct them: without this, each correction would be another
article.

A guid is believed where something else speaks for it, since some feeds number their entries 1 to
20 and give the numbers to others the next day: the title, the instant of publication (not a mere
day), or that it is of a kind made to be permanent. It counts for the site, not for the feed, for
the feeds of a site's sections list the same articles. Very short ones name places in a list.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from schemas.columns import content_id
from schemas.vocabulary import Precision

MIN_GUID_LENGTH = 5
FINE = frozenset({Precision.SECOND, Precision.MINUTE})
_PERMANENT = re.compile(
    r"tag:|urn:uuid:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


def identity_keys(
    site: str | None,
    guid: str | None,
    title: str | None,
    published_at: datetime | None,
    precision: str | None,
) -> Iterator[str]:
    """Give the keys of an entry; none where its guid tells nothing."""
    if site is None or guid is None or len(guid) < MIN_GUID_LENGTH:
        return
    if _PERMANENT.match(guid):
        yield content_id("guid", site, guid)
    if title:
        yield content_id("guid and title", site, guid, title)
    if published_at is not None and precision in FINE:
        yield content_id("guid and time", site, guid, int(published_at.timestamp()))

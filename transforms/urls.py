"""Addresses: parsed as browsers do, joined, cleaned of tracking, compared.

In: addresses as feeds and pages write them. Out: addresses to fetch, and keys to compare them by.
Nothing here opens an address.
"""

import functools
import re

import ada_url
import tldextract

from schemas.columns import content_id

# Parameters that say where a reader came from, never which article it is.
TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|at_(?:medium|campaign|custom\d?|link_\w+|format|bbc_team|ptr_name)"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id|_hs(?:enc|mi)"
    r"|wt_?mc\w*|ns_\w+|cmpid|cmp|ocid|icid|ito|ref_?(?:src|url)|smid|smtyp|sref|srnd|xtor|spm"
    r"|oly_\w+_id|vero_(?:id|conv)|s_cid|soc_(?:src|trk)|guccounter|guce_referrer\w*|feature",
    re.IGNORECASE,
)
MAX_LENGTH = 2048
_START = re.compile(r"^https?://(?:www\.)?")

# The public-suffix list that the package bundles: it is never fetched, nor cached on disk.
_split_domain = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def clean_url(url: str, base: str | None = None) -> str | None:
    """Join an address to its base; None if unusable.

    Tracking parameters, fragment and credentials are dropped.
    """
    try:
        joined = ada_url.URL(url.strip(), base=base)
    except ValueError:
        return None
    if joined.protocol not in ("http:", "https:") or not joined.hostname:
        return None
    written = str(joined.href)
    if "@" in written:
        joined.username = joined.password = ""
    if "#" in written:
        joined.hash = ""
    if "?" in written:
        joined.search = _without_tracking(joined.search)
    cleaned = str(joined.href)
    return cleaned if len(cleaned) <= MAX_LENGTH else None


def _without_tracking(search: str) -> str:
    """Give the query without the parameters that never say which article it is."""
    parts = search.removeprefix("?").split("&")
    kept = [part for part in parts if part and not TRACKING.fullmatch(part.partition("=")[0])]
    return f"?{'&'.join(kept)}" if kept else ""


def url_key(url: str) -> str:
    """Hash an address in its comparable form.

    Scheme, "www.", the default port and a slash at the end tell no two articles apart; the order
    and case of everything else may.
    """
    return key_of_clean(clean_url(url) or url)


def key_of_clean(cleaned: str) -> str:
    """Hash an address that `clean_url` gave: to clean it once more would take most of the time."""
    comparable = _START.sub("", cleaned, count=1)
    return content_id("url", comparable if "?" in comparable else comparable.rstrip("/"))


@functools.lru_cache(maxsize=65536)
def registrable_domain(url: str) -> str | None:
    """Give the domain that somebody registered: news.paper.co.uk → paper.co.uk."""
    host = host_of(url)
    if host is None:
        return None
    found = _split_domain(host)
    if not found.suffix and not host.endswith("]") and not host.rpartition(".")[2].isdecimal():
        return ".".join(host.split(".")[-2:])  # as the list rules for endings it does not name
    return found.top_domain_under_public_suffix or host


def host_of(url: str) -> str | None:
    """Give the host of an address, in ASCII."""
    try:
        return str(ada_url.URL(url).hostname) or None
    except ValueError:
        return None


def same_site(one: str, other: str) -> bool:
    """Tell whether two addresses belong to one registrable domain."""
    domain = registrable_domain(one)
    return domain is not None and domain == registrable_domain(other)

"""Which addresses may be opened: web schemes, ports of web sites, hosts of the open web.

In: an address, or the IP address a socket is about to connect to. Out: nothing, or a yes or no.
Rejected, as ADDRESS_REFUSED: other schemes and ports, and whatever lies inside a network: private,
loopback, link-local, multicast, and IPv6 forms that hide such an IPv4 address.

A feed's links and a site's redirects are written by strangers: without this, they could read the
internal services of whoever runs us. Exempt are hosts named one by one, as HOST:PORT (`trusted`).
"""

import ipaddress
from collections.abc import Collection

import ada_url

from schemas.vocabulary import Reason, Rejected

PORTS = frozenset({80, 443, 8080, 8443})
MAX_URL_LENGTH = 2048  # longer ones are attacks or images in disguise
HIDES_IPV4 = [  # in their last 32 bits: NAT64 and "compatible" addresses
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("::/96"),
]
# Python 3.11 takes this one, the old relay of 6to4, for a part of the open web.
INSIDE = [ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("64:ff9b:1::/48")]


def check_address(url: str, *, trusted: Collection[str] = ()) -> None:
    """Refuse schemes, ports and lengths that no site has."""
    try:
        parsed = ada_url.URL(url)
    except ValueError as error:
        raise Rejected(Reason.ADDRESS_REFUSED, f"no address: {url[:200]}") from error
    if parsed.protocol not in ("http:", "https:"):
        raise Rejected(Reason.ADDRESS_REFUSED, f"scheme of {url[:200]}")
    port = int(parsed.port or (443 if parsed.protocol == "https:" else 80))
    if port not in PORTS and f"{parsed.hostname}:{port}" not in trusted:
        raise Rejected(Reason.ADDRESS_REFUSED, f"port of {url[:200]}")
    if len(url) > MAX_URL_LENGTH:
        raise Rejected(Reason.ADDRESS_REFUSED, f"an address of {len(url)} characters")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open web."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in INSIDE if network.version == ip.version):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and any(ip in network for network in HIDES_IPV4):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved

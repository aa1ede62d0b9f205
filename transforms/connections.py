"""Connections that lead nowhere but to the open web; a helper of `web`.

In: the hosts that are exempt, as HOST:PORT. Out: a connector whose every socket is checked by the
very address it is about to connect to, so that neither a redirect nor a name that resolves to
another address the second time leads inside. Refused addresses raise PermissionError, which
`reason_of` names ADDRESS_REFUSED.
"""

import asyncio
import errno
import functools
import resource
import socket
import weakref
from typing import Any

import aiohttp

from schemas.vocabulary import Reason
from transforms.guard import is_public

NOT_OPEN = "is not an address of the open web"
MAX_FILES = 8192  # open at once; the usual limit of 1024 is lifted to it where that is allowed
IDLE_S = 5.0  # a connection waits so long for its next request: a little longer than a pause


class Connector(aiohttp.TCPConnector):
    """A connector that leaves no socket open when it closes.

    A TLS connection that is given back waits up to 30 s for the server's farewell, and aiohttp's
    own connector forgets it meanwhile: the loop would end before the socket is closed.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._made = weakref.WeakSet[asyncio.Transport]()

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,
    ) -> Any:
        protocol = await super()._create_connection(req, traces, timeout)
        if protocol.transport is not None:
            self._made.add(protocol.transport)
        return protocol

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close all connections at once, those too that are about to be closed."""
        await super().close(abort_ssl=abort_ssl)
        for transport in self._made:
            transport.abort()
        await asyncio.sleep(0)  # a transport closes its socket in the loop's next turn


def make_connector(trusted: tuple[str, ...], connect_to: str | None) -> Connector:
    """Make a connector; `connect_to` is where all its connections lead, as with curl."""
    open_to = _resolved((connect_to,) if connect_to else trusted)
    guarded = functools.partial(_guarded_socket, open_to=open_to, is_only=connect_to is not None)
    return Connector(
        limit=0,  # who connects counts its requests itself
        socket_factory=guarded,
        resolver=_FixedResolver(open_to) if connect_to else None,
        happy_eyeballs_delay=None,
        keepalive_timeout=IDLE_S,
    )


def max_connections() -> int:
    """Lift the limit on open files, and say how many connections may share it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted // 2  # the rest: idle connections, lanes, archives, the warehouse


def _resolved(hosts: tuple[str, ...]) -> frozenset[tuple[str, int]]:
    """Look up hosts given as HOST:PORT."""
    found = set()
    for host_and_port in hosts:
        host, _, port = host_and_port.rpartition(":")
        for *_, address in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
            found.add((str(address[0]), int(address[1])))
    return frozenset(found)


def _guarded_socket(
    addr_info: Any, *, open_to: frozenset[tuple[str, int]], is_only: bool
) -> socket.socket:
    """Make a socket for an address that may be connected to; aiohttp calls it for each.

    Where `is_only`, nothing but `open_to` may: a test or demonstration never leaves its machine.
    """
    family, kind, protocol, _, address = addr_info
    host, port = str(address[0]), int(address[1])
    if (host, port) not in open_to and (is_only or not is_public(host)):
        raise PermissionError(errno.EPERM, f"{host} {NOT_OPEN}")
    return socket.socket(family, kind, protocol)


class _FixedResolver(aiohttp.abc.AbstractResolver):
    """Answers every question with the same addresses, as curl's --connect-to does."""

    def __init__(self, addresses: frozenset[tuple[str, int]]) -> None:
        self._addresses = sorted(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=address,
                port=fixed_port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address, fixed_port in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


def reason_of(error: Exception) -> Reason:
    """Tell what kind of failure it was."""
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):  # no such host name can be
        return Reason.ADDRESS_REFUSED
    if isinstance(error, aiohttp.ClientConnectionError):  # also of DNS and TLS
        return Reason.ADDRESS_REFUSED if NOT_OPEN in str(error) else Reason.UNREACHABLE
    # a connection may break within a body too, which aiohttp tells by its text only
    is_reset = "ConnectionResetError" in str(error)
    return Reason.UNREACHABLE if is_reset else Reason.BAD_RESPONSE

"""Connections over TLS against a server on loopback: closed when the fetcher is."""

import datetime
import gc
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from socket import create_server, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from transforms.web import Web, WebSettings

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nNews"


def write_certificate(path: Path) -> None:
    """Write a key and a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start.replace(year=2100))
        .sign(key, hashes.SHA256())
    )
    written = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(*written, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


@pytest.fixture
def silent_server(tmp_path: Path) -> Iterator[str]:
    """Give a server's address that answers over TLS and never says farewell."""
    write_certificate(tmp_path / "pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    held: list[socket] = []

    def serve(listening: socket) -> None:
        with suppress(OSError):  # the test is over
            while True:
                plain, _ = listening.accept()
                held.append(plain)
                with suppress(ssl.SSLError):  # who does not trust us goes away
                    held.append(context.wrap_socket(plain, server_side=True))
                    held[-1].recv(65536)
                    held[-1].sendall(ANSWER)

    with create_server(("127.0.0.1", 0)) as listening:
        served = threading.Thread(target=serve, args=(listening,), daemon=True)
        served.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(2)
        served.join()
    for each in held:
        each.close()


@pytest.mark.parametrize("is_tls_exempt", [True, False])
def test_no_socket_stays_open_when_the_fetcher_closes(
    silent_server: str, is_tls_exempt: bool
) -> None:
    settings = WebSettings(connect_to=silent_server, host_delay_s=0, obey_robots=False)
    with closing(Web(settings)) as web:
        asked = web.get("https://a.example/x", is_tls_exempt=is_tls_exempt)
        assert (asked.exception() is None) == is_tls_exempt
    gc.collect()  # warns of an open socket, which is an error here

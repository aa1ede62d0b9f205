"""Which addresses may be opened."""

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.guard import check_address, is_public


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "8.8.8.8"])
def test_addresses_of_the_open_web_may_be_opened(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "192.0.2.1", "192.88.99.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_inside_a_network_may_not_however_they_are_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "data:text/html,x",
        "javascript:alert(1)", "http://a.example:22/", "http://a.example:0/", "//a.example/x",
        "no address", "", "http://", "https://a.example:99999/", "http://a.example/" + "x" * 3000,
    ],
)  # fmt: skip
def test_schemes_ports_and_lengths_that_no_site_has_are_refused(url: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_address(url)
    assert caught.value.reason is Reason.ADDRESS_REFUSED


def test_a_trusted_host_is_open_on_its_own_port_only() -> None:
    check_address("http://feeds.example:1200/x", trusted=("feeds.example:1200",))
    with pytest.raises(Rejected):
        check_address("http://feeds.example:1201/x", trusted=("feeds.example:1200",))

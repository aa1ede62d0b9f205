"""The fetcher against a site on loopback: bounded, guarded, polite."""

import gzip
import itertools
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms import web as web_module
from transforms.web import FEEDS, Exchange, Web, WebSettings

MakeWeb = Callable[..., Web]


@pytest.fixture
def make_web(site: Any) -> Iterator[MakeWeb]:
    made: list[Web] = []

    def make(**settings: Any) -> Web:
        given = {"connect_to": site.address, "host_delay_s": 0, "obey_robots": False, **settings}
        made.append(Web(WebSettings(**given)))
        return made[-1]

    yield make
    for web in made:
        web.close()


def reason_of(web: Web, url: str) -> Reason:
    with pytest.raises(Rejected) as caught:
        web.get(url).result(timeout=20)
    return caught.value.reason


def test_an_answer_brings_status_headers_and_body(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/x", b"<p>News</p>", "X-Odd: 1", kind="text/html; charset=utf-8")
    answer = make_web().get("http://a.example/x").result()
    assert (answer.status, answer.body) == (200, b"<p>News</p>")
    assert (answer.asked, answer.url) == ("http://a.example/x", "http://a.example/x")
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.header("x-odd") == "1"


def test_we_say_who_asks_and_where_to_complain(site: Any, make_web: MakeWeb) -> None:
    make_web(contact="https://archive.example/bot").get("http://a.example/").result()
    (request,) = site.requests
    assert request.headers["user-agent"] == "Dateline/0.1 (+https://archive.example/bot)"
    assert request.headers["accept-encoding"] == "gzip, deflate"
    assert request.headers.keys().isdisjoint({"cookie", "referer", "authorization"})


def test_validators_go_back_byte_for_byte(site: Any, make_web: MakeWeb) -> None:
    get = make_web().get("http://a.example/", accept=FEEDS, etag='W/"a b"', last_modified="then")
    get.result()
    (request,) = site.requests
    assert request.headers["if-none-match"] == 'W/"a b"'
    assert request.headers["if-modified-since"] == "then"


@pytest.mark.parametrize("sent", [b'"\xc3\xa9"', b'"a\tb"'])
def test_odd_bytes_of_a_validator_go_back_as_they_came(
    site: Any, make_web: MakeWeb, sent: bytes
) -> None:
    site.put("a.example/", b"x", f"ETag: {sent.decode()}")
    web = make_web()
    etag = web.get("http://a.example/").result().header("ETag")
    web.get("http://a.example/", etag=etag).result()
    assert site.requests[1].headers["if-none-match"].encode("latin-1") == sent


@pytest.mark.parametrize("etag", ['"\xe9"', '"a\x01b"', '"a\r\nCookie: b"'])
def test_a_validator_that_cannot_be_sent_is_left_out(
    site: Any, make_web: MakeWeb, etag: str
) -> None:
    make_web().get("http://a.example/", etag=etag).result()
    (request,) = site.requests
    assert request.headers.keys().isdisjoint({"if-none-match", "cookie"})


def test_cookies_are_not_kept(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"x", "Set-Cookie: reader=1")
    web = make_web()
    web.get("http://a.example/").result()
    web.get("http://a.example/").result()
    assert all("cookie" not in request.headers for request in site.requests)


def test_redirects_are_followed_to_the_address_that_answers(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/old", b"", "Location: /new?x=1#part", status="301 Moved")
    site.put("a.example/new?x=1", b"", "Location: //b.example/", status="302 Found")
    site.put("b.example/", b"here")
    answer = make_web().get("http://a.example/old").result()
    assert (answer.asked, answer.url) == ("http://a.example/old", "http://b.example/")
    assert answer.body == b"here"


def test_what_belongs_to_one_origin_stays_there(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"", "Location: http://u:p@b.example/", status="302 Found")
    make_web().get("http://a.example/", etag='"1"').result()
    first, second = site.requests
    assert first.headers["if-none-match"] == '"1"'
    assert second.headers.keys().isdisjoint({"if-none-match", "authorization", "referer"})


def test_a_circle_of_redirects_ends(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"", "Location: /", status="302 Found")
    assert reason_of(make_web(), "http://a.example/") is Reason.TOO_MANY_REDIRECTS
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", Reason.ADDRESS_REFUSED),
        ("http://2130706433/", Reason.ADDRESS_REFUSED),
        ("http://[::ffff:169.254.169.254]/", Reason.ADDRESS_REFUSED),
        ("http://a.example:22/", Reason.ADDRESS_REFUSED),
        ("file:///etc/passwd", Reason.ADDRESS_REFUSED),
        ("javascript:alert(1)", Reason.ADDRESS_REFUSED),
        ("http://[", Reason.BAD_RESPONSE),
        ("", Reason.BAD_RESPONSE),
    ],
)
def test_a_redirect_leads_nowhere_but_to_the_open_web(
    site: Any, make_web: MakeWeb, location: str, reason: Reason
) -> None:
    site.put("a.example/", b"", f"Location: {location}", status="302 Found")
    assert reason_of(make_web(), "http://a.example/") is reason
    assert len(site.requests) == 1


def test_loopback_is_closed_unless_it_is_named(site: Any, make_web: MakeWeb) -> None:
    site.put(f"{site.address}/", b"own server")
    url = f"http://{site.address}/"
    assert reason_of(make_web(connect_to=None), url) is Reason.ADDRESS_REFUSED
    trusting = make_web(connect_to=None, trusted=(site.address,))
    assert trusting.get(url).result().body == b"own server"


def test_a_name_that_leads_inside_is_refused_at_the_socket(
    site: Any, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = make_web(connect_to=None)
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    assert reason_of(web, "http://rebound.example/") is Reason.ADDRESS_REFUSED


def test_a_body_is_decoded_within_the_cap(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", gzip.compress(b"news " * 100), "Content-Encoding: gzip")
    site.put("a.example/bomb", gzip.compress(b"\x00" * 2_000_000), "Content-Encoding: gzip")
    site.put("a.example/big", b"x" * 200_000)
    web = make_web(max_bytes=100_000)
    assert web.get("http://a.example/").result().body == b"news " * 100
    assert reason_of(web, "http://a.example/bomb") is Reason.TOO_LARGE
    assert reason_of(web, "http://a.example/big") is Reason.TOO_LARGE


def test_a_huge_or_broken_error_page_is_an_error_page(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/br", b"x", "Content-Encoding: br", status="503 Busy")
    site.put("a.example/big", b"x" * 200_000, status="410 Gone")
    web = make_web(max_bytes=100_000)
    statuses = [web.get(f"http://a.example/{path}").result().status for path in ("br", "big")]
    assert statuses == [503, 410]


def test_a_server_that_never_answers_meets_the_deadline(site: Any, make_web: MakeWeb) -> None:
    site.answers["a.example/"] = b""
    assert reason_of(make_web(timeout_s=0.05), "http://a.example/") is Reason.TIMEOUT


@pytest.mark.parametrize(
    "answer",
    [
        b"SMTP ready\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n",
    ],
)
def test_what_is_not_http_as_agreed_is_refused(site: Any, make_web: MakeWeb, answer: bytes) -> None:
    site.answers["a.example/"] = answer
    assert reason_of(make_web(), "http://a.example/") is Reason.BAD_RESPONSE


def test_a_hundred_and_fifty_headers_are_borne(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"x", *(f"X-{n}: y" for n in range(150)))
    assert make_web().get("http://a.example/").result().status == 200


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nbegin"])
def test_a_connection_that_breaks_may_hold_another_time(make_web: MakeWeb, sent: bytes) -> None:
    def break_off(server: socket.socket) -> None:
        with suppress(OSError):  # the test is over
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(10_000)
                    connection.sendall(sent)
                    reset = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=break_off, args=(server,), daemon=True).start()
        web = make_web(connect_to=f"127.0.0.1:{server.getsockname()[1]}")
        reasons = {reason_of(web, f"http://a.example/{n}") for n in range(2)}
    assert reasons == {Reason.UNREACHABLE}


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".example"])
def test_a_host_name_that_cannot_be_is_refused(make_web: MakeWeb, host: str) -> None:
    web = make_web(connect_to=None)
    assert reason_of(web, f"http://{host}/") is Reason.ADDRESS_REFUSED


def test_dead_names_do_not_hold_up_the_look_up_of_others(
    site: Any, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = site.address.split(":")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port)))]
    answered = threading.Event()

    def look_up(name: str, *_: object, **__: object) -> list[Any]:
        if name.startswith("dead"):
            answered.wait(10)
            raise socket.gaierror("no answer")
        return found

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    live = f"live.example:{port}"
    site.put(f"{live}/", b"x")
    web = make_web(connect_to=None, trusted=(live,))
    dead = [web.get(f"http://dead.example{n}/") for n in range(40)]
    assert web.get(f"http://{live}/").result(timeout=5).status == 200
    assert not any(name.done() for name in dead)
    answered.set()


def test_a_port_where_nobody_listens_is_unreachable(make_web: MakeWeb) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        free = f"127.0.0.1:{server.getsockname()[1]}"
    assert reason_of(make_web(connect_to=free), "http://a.example/") is Reason.UNREACHABLE


def test_robots_txt_is_asked_for_once_and_obeyed(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/robots.txt", b"User-agent: *\nDisallow: /private\n")
    site.put("a.example/1", b"x")
    web = make_web(obey_robots=True)
    answers = [web.get("http://a.example/1") for _ in range(3)]
    assert reason_of(web, "http://a.example/private") is Reason.ROBOTS_DISALLOWED
    assert [answer.result().status for answer in answers] == [200] * 3
    assert len(site.asked("/robots.txt")) == 1
    assert site.asked("/private") == []


def test_robots_txt_of_the_redirects_host_is_obeyed_too(site: Any, make_web: MakeWeb) -> None:
    site.put("b.example/robots.txt", b"User-agent: *\nDisallow: /\n")
    site.put("a.example/", b"", "Location: http://b.example/", status="302 Found")
    assert reason_of(make_web(obey_robots=True), "http://a.example/") is Reason.ROBOTS_DISALLOWED


def test_only_the_beginning_of_a_huge_robots_txt_is_read(site: Any, make_web: MakeWeb) -> None:
    rules = b"User-agent: *\nDisallow: /private\n"
    site.put("a.example/robots.txt", rules + b"# filler\n" * 200_000)
    web = make_web(obey_robots=True)
    assert reason_of(web, "http://a.example/private") is Reason.ROBOTS_DISALLOWED


def test_one_domain_has_one_lane_with_a_pause(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"x")
    site.put("www.a.example/", b"x")
    web = make_web(host_delay_s=0.1)
    answers = [web.get(f"http://{host}/") for host in ("a.example", "www.a.example", "a.example")]
    for answer in answers:
        answer.result()
    moments = [request.at for request in site.requests]
    assert all(late - soon >= 0.1 for soon, late in itertools.pairwise(moments))


def test_a_pause_may_be_longer_than_the_deadline(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"x")
    web = make_web(host_delay_s=0.15, timeout_s=0.1, obey_robots=True)
    answers = [web.get("http://a.example/") for _ in range(2)]
    assert [answer.result().status for answer in answers] == [200, 200]


def test_a_slow_domain_holds_up_nobody_else(site: Any, make_web: MakeWeb) -> None:
    site.answers["slow.example/"] = b""
    site.put("a.example/", b"x")
    web = make_web()
    slow = web.get("http://slow.example/")
    assert web.get("http://a.example/").result().status == 200
    assert not slow.done()
    site.closing.set()
    assert slow.result().status == 404


def test_dead_hosts_do_not_hold_all_slots(
    site: Any, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "PATIENCE_S", 0.05)
    site.answers["dead.example/"] = b""
    site.put("a.example/", b"x")
    web = make_web(concurrency=1)
    dead = web.get("http://dead.example/")
    assert web.get("http://a.example/").result(timeout=3).status == 200
    assert not dead.done()


def test_a_domain_that_asks_to_wait_is_left_alone(site: Any, make_web: MakeWeb) -> None:
    site.put("a.example/", b"", "Retry-After: 3600", status="429 Too Many Requests")
    web = make_web()
    assert web.get("http://a.example/").result().status == 429
    assert reason_of(web, "http://www.a.example/other") is Reason.RATE_LIMITED
    assert len(site.requests) == 1


def test_a_domain_that_asks_to_wait_is_left_alone_by_the_next_run_too(
    site: Any, make_web: MakeWeb, tmp_path: Path
) -> None:
    site.put("a.example/", b"", "Retry-After: 3600", status="503 Busy")
    assert make_web(lanes=str(tmp_path)).get("http://a.example/").result().status == 503
    later = make_web(lanes=str(tmp_path))
    assert reason_of(later, "http://www.a.example/other") is Reason.RATE_LIMITED
    assert len(site.requests) == 1


def test_robots_txt_is_asked_for_once_by_all_processes_and_runs(
    site: Any, make_web: MakeWeb, tmp_path: Path
) -> None:
    site.put("a.example/robots.txt", b"User-agent: *\nDisallow: /private\n")
    webs = [make_web(lanes=str(tmp_path), obey_robots=True) for _ in range(3)]
    answers = [web.get("http://a.example/") for web in webs]
    assert [answer.result().status for answer in answers] == [404] * 3
    later = make_web(lanes=str(tmp_path), obey_robots=True)
    assert reason_of(later, "http://a.example/private") is Reason.ROBOTS_DISALLOWED
    assert len(site.asked("/robots.txt")) == 1


def test_rules_that_are_not_held_any_more_are_read_again_and_not_asked_for(
    site: Any, make_web: MakeWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "MAX_RULES", 2)
    web = make_web(lanes=str(tmp_path), obey_robots=True)
    rules = b"User-agent: *\nDisallow: /private\n"
    for n in range(5):
        site.put(f"a{n}.example/robots.txt", rules)
        assert reason_of(web, f"http://a{n}.example/private") is Reason.ROBOTS_DISALLOWED
    assert len(web._robots) == 2
    assert reason_of(web, "http://a0.example/private") is Reason.ROBOTS_DISALLOWED
    assert len(site.asked("/robots.txt")) == 5


def test_a_slow_reader_slows_the_fetcher_down(
    site: Any, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "MAX_HELD_BYTES", 1000)
    for n in range(20):
        site.put(f"a{n}.example/", b"x" * 600)
    web = make_web(concurrency=1)
    answers = [web.get(f"http://a{n}.example/") for n in range(20)]
    held = [answers.pop(0).result(timeout=3), answers.pop(0).result(timeout=3)]
    assert len(site.requests) < 10
    held.clear()
    while answers:
        assert answers.pop(0).result(timeout=3).status == 200


def test_a_host_that_fails_time_after_time_is_left_alone(site: Any, make_web: MakeWeb) -> None:
    site.answers["a.example/"] = b""
    web = make_web(timeout_s=0.03)
    reasons = [reason_of(web, "http://a.example/") for _ in range(5)]
    assert reasons == [Reason.TIMEOUT] * 5
    assert len(site.requests) == 3


def test_closing_gives_up_what_is_under_way(site: Any) -> None:
    site.answers["a.example/"] = b""
    web = Web(WebSettings(connect_to=site.address, host_delay_s=0, obey_robots=False))
    late = web.get("http://a.example/")
    web.close()
    with pytest.raises(CancelledError):
        late.result(timeout=1)


def test_an_exemption_from_verifying_is_of_one_site() -> None:
    exchange = Exchange(
        asked="https://a.example/", headers={}, left_s=1, max_bytes=1, is_tls_exempt=True
    )
    assert not exchange.verifies("https://www.a.example/")
    assert exchange.verifies("https://b.example/")


def test_settings_travel_to_other_processes() -> None:
    settings = WebSettings(contact="a@b.example", trusted=("127.0.0.1:80",))
    assert pickle.loads(pickle.dumps(settings)) == settings

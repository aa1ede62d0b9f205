"""Content codings are undone within a cap."""

import gzip
import zlib

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.codings import Decoder

TEXT = b"The mayor of Meldt opened the bridge. " * 50


def decode(coding: str, body: bytes, *, max_bytes: int = 100_000, step: int = 7) -> bytes:
    decoder = Decoder(coding, max_bytes)
    for at in range(0, len(body), step):
        decoder.feed(body[at : at + step])
    return decoder.finish()


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("X-GZIP", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
    ],
)
def test_a_body_is_decoded_from_chunks_of_any_size(coding: str, body: bytes) -> None:
    assert decode(coding, body) == decode(coding, body, step=10_000) == TEXT


def test_several_gzip_members_are_one_body() -> None:
    body = gzip.compress(TEXT, mtime=0) + gzip.compress(b"The end.")
    assert decode("gzip", body, step=100_000) == TEXT + b"The end."


def test_bytes_after_the_end_of_gzip_mean_nothing() -> None:
    assert decode("gzip", gzip.compress(TEXT, mtime=0) + b"\n\n", step=100_000) == TEXT


def test_gzip_is_known_without_a_word_and_text_is_known_in_spite_of_one() -> None:
    assert decode("", gzip.compress(TEXT, mtime=0), step=100) == TEXT
    assert decode("gzip", TEXT) == TEXT


def test_a_bomb_is_refused_at_the_cap() -> None:
    bomb = gzip.compress(b"\x00" * 50_000_000)
    with pytest.raises(Rejected) as caught:
        decode("gzip", bomb, step=65_536)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_body_is_cut_at_the_cap_where_its_beginning_will_do() -> None:
    decoder = Decoder("gzip", 1000, cuts=True)
    decoder.feed(gzip.compress(TEXT, mtime=0))
    assert decoder.is_full
    assert decoder.finish() == TEXT[:1000]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)[:-20]),
        ("gzip", gzip.compress(TEXT, mtime=0)[:20] + b"????" + gzip.compress(TEXT, mtime=0)[24:]),
        ("br", TEXT),
        ("gzip, gzip", TEXT),
        (", ".join(["gzip"] * 1000), TEXT),
    ],
)
def test_what_breaks_off_is_damaged_or_was_not_asked_for_is_refused(
    coding: str, body: bytes
) -> None:
    with pytest.raises(Rejected) as caught:
        decode(coding, body)
    assert caught.value.reason is Reason.BAD_RESPONSE

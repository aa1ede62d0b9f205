"""Secrets in a feed's address: `${DATELINE_NAME}` stands for what the environment has as that.

In: an address to ask, and the one that the user listed. Out: the answer, in which the placeholder
stands again wherever the secret came back: address, headers, body, what failed. So no row, archive,
graph or log has a secret. Each worker reads its own environment, just before it asks.

Only names in the address that the user listed are filled in, and only for its site: what a server
writes never is, lest it asks for other secrets. The prefix keeps a list that was found somewhere
from asking for anything else that the environment has.
"""

import os
import re
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.urls import same_site
from transforms.web import Web

# braces within a path are escaped
PLACEHOLDER = re.compile(r"\$(?:\{|%7B)(DATELINE_[A-Z0-9_]+)(?:\}|%7D)")
MIN_LENGTH = 8  # what is shorter may stand in any text by chance


def ask_listed(web: Web, url: str, listed: str | None, **how: Any) -> "Future[Answer]":
    """Start to fetch an address as `web.get` does; `listed` is what the user wrote, if anything."""
    try:
        secrets = secrets_of(listed) if listed and same_site(url, listed) else {}
    except Rejected as rejected:
        refused: Future[Answer] = Future()
        refused.set_exception(rejected)
        return refused
    if not secrets:
        return web.get(url, **how)
    return _hidden(web.get(filled(url, secrets), **how), secrets)


def secrets_of(listed: str) -> dict[str, str]:
    """Give the secrets that an address names: placeholder → value."""
    found = {}
    for match in PLACEHOLDER.finditer(listed):
        value = os.environ.get(match[1], "")
        if len(value) < MIN_LENGTH:
            told = f"has {match[1]} too short to be a secret" if value else f"lacks {match[1]}"
            raise Rejected(Reason.FORBIDDEN, f"the environment {told}")
        found[match[0]] = value
    return found


def filled(url: str, secrets: Mapping[str, str]) -> str:
    """Put secrets in the place of their names."""
    for placeholder, secret in secrets.items():
        url = url.replace(placeholder, quote(secret, safe=""))
    return url


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """Put names in the place of their secrets, however these are written."""
    for placeholder, secret in secrets.items():
        for written in {secret, quote(secret, safe=""), quote(secret)}:
            text = text.replace(written, placeholder)
    return text


def _hidden(asked: "Future[Answer]", secrets: Mapping[str, str]) -> "Future[Answer]":
    """Give the answer without the secrets, as soon as it is there."""
    told: Future[Answer] = Future()

    def tell(done: "Future[Answer]") -> None:
        try:
            told.set_result(_without(done.result(), secrets))
        except Rejected as rejected:
            told.set_exception(Rejected(rejected.reason, hidden(rejected.detail, secrets)))
        except BaseException as error:  # noqa: BLE001 (handed on whole to the thread that waits)
            told.set_exception(error)

    asked.add_done_callback(tell)
    return told


def _without(answer: Answer, secrets: Mapping[str, str]) -> Answer:
    body = hidden(answer.body.decode("latin-1"), secrets).encode("latin-1")
    return replace(
        answer,
        asked=hidden(answer.asked, secrets),
        url=hidden(answer.url, secrets),
        headers=tuple((name, hidden(value, secrets)) for name, value in answer.headers),
        body=body,
    )

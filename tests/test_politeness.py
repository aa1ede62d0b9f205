"""One lane a registrable domain over all workers of a run, by the server's own log."""

import itertools
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from transforms.urls import registrable_domain

DELAY_S = 0.05
DOMAINS = ("a.example", "b.example", "c.co.uk")
WORKER = """
import sys
from transforms.web import FEEDS, WebSettings, shared_web

address, folder, delay_s, number, *domains = sys.argv[1:]
web = shared_web(WebSettings(connect_to=address, lanes=folder, host_delay_s=float(delay_s)))
print("ready", flush=True)
sys.stdin.readline()
feeds = [web.get(f"http://feeds.{domain}/{number}", accept=FEEDS) for domain in domains]
pages = [web.get(f"http://www.{domain}/{number}") for domain in domains]
print(*(asked.result().status for asked in (*feeds, *pages)))
"""


def test_four_workers_keep_to_one_request_a_domain_with_a_pause_between(
    site: Any, tmp_path: Path
) -> None:
    site.latency_s = 0.02
    given = [site.address, str(tmp_path), str(DELAY_S)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, *given, str(number), *DOMAINS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 4
    for worker in workers:
        assert worker.communicate("go\n", timeout=30)[0] == "404 " * 5 + "404\n"

    spans = defaultdict(list)
    for request, answered_at in site.answered:
        domain = registrable_domain(f"http://{request.host}/")
        spans[domain].append((request.at, answered_at))
    for domain in DOMAINS:
        moments = sorted(spans[domain])
        assert len(moments) == 4 * 2 + 2  # feeds, pages, robots.txt of both hosts
        assert all(late[0] - soon[1] >= DELAY_S for soon, late in itertools.pairwise(moments))

"""A headless Chromium, asked over its DevTools socket: no driver, no script in the page."""

import asyncio
import base64
import itertools
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --hide-scrollbars "
    "--remote-debugging-port=0"
).split()
START_S = 60.0
ANSWER_S = 60.0


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.requested: list[str] = []

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Call a method and give its result; what is requested meanwhile is noted."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": given})
        return await self._until(lambda said: said.get("id") == number)

    async def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            said = await asyncio.wait_for(self._socket.receive_json(), ANSWER_S)
            if said.get("method") == "Network.requestWillBeSent":
                self.requested.append(said["params"]["request"]["url"])
            if wanted(said):
                assert "error" not in said, said
                result: dict[str, Any] = said.get("result", {})
                return result

    async def open(self, path: Path, *, width: int, height: int) -> float:
        """Open a file without a network, and give the seconds of work until it was drawn."""
        await self.call("Page.enable")
        await self.call("Performance.enable")
        await self.call("Network.enable")
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        await self.call("Page.navigate", url=path.as_uri())
        await self._until(lambda said: said.get("method") == "Page.loadEventFired")
        await self.evaluate("document.body.getBoundingClientRect().height")  # lays it out
        return await self._worked()

    async def _worked(self) -> float:
        """Give the processor time of the tab; seconds by the clock would tell of the other load."""
        answer = await self.call("Performance.getMetrics")
        return float({m["name"]: m["value"] for m in answer["metrics"]}["ProcessTime"])

    async def evaluate(self, script: str) -> Any:
        """Give the value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def shoot(self, path: Path) -> None:
        """Take a picture of what is in view."""
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


async def visit(ask: Any) -> Any:
    """Start a browser, let `ask` use a page of it, and stop it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [os.environ["DATELINE_BROWSER"], *FLAGS, f"--user-data-dir={profile}"]
        # no host has an address, so that whatever the page asked for would show and fail
        command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as it:
            try:
                port = await _port(Path(profile) / "DevToolsActivePort")
                return await _with_page(port, ask)
            finally:
                it.kill()


async def _port(file: Path) -> int:
    for _ in range(int(START_S * 10)):
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(0.1)
    raise TimeoutError(f"Chromium has not started within {START_S:.0f} s")


async def _with_page(port: int, ask: Any) -> Any:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = await answer.json(content_type=None)
        [address] = [tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"]
        async with session.ws_connect(address, max_msg_size=0) as socket:
            return await ask(Page(socket))

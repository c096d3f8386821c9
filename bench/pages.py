"""Page weights and paint times in Chromium on a slow line and a slow processor."""

from __future__ import annotations

import os
import shutil
import statistics
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.client import Person
from bench.server import Bench
from portal.demo.people import PASSWORD

# Lighthouse's "slow 4G": 150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up.
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 768_000 / 8,
}
SLOWER = 4
LOADS = 3

WATCH = """
window.__paint = {lcp: 0, cls: 0, tbt: 0};
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.__paint.lcp = entry.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__paint.cls += entry.value; })
  .observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.__paint.tbt += Math.max(0, entry.duration - 50); })
  .observe({type: "longtask", buffered: true});
"""


def pages(bench: Bench) -> list[dict[str, Any]]:
    """Four pages, each loaded three times with an empty cache; medians. Sizes are bytes on the wire in KB."""
    slug = Person(bench.port).sign_in("patient@example.com", PASSWORD).get("/learn/")
    first = slug.text.split('class="row__title" href="', 1)[1].split('"', 1)[0]
    found = []
    with sync_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        for name, path, email in (
            ("sign in", "/accounts/login/", ""),
            ("Today, patient", "/", "patient@example.com"),
            ("article", first, "patient@example.com"),
            ("work list", "/work/", "nurse@example.com"),
        ):
            cookies = Person(bench.port).sign_in(email, PASSWORD).cookies if email else {}
            loads = [_load(browser, bench.port, path, cookies) for _ in range(LOADS)]
            found.append(
                {"name": name, **{key: statistics.median(load[key] for load in loads) for key in loads[0]}}
            )
        browser.close()
    return found


def _load(browser: Browser, port: int, path: str, cookies: dict[str, str]) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    origin = f"http://localhost:{port}"
    context.add_cookies(
        [{"name": name, "value": value.strip('"'), "url": origin} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    kinds: dict[str, str] = {}
    sizes = {"html": 0.0, "css": 0.0, "js": 0.0, "font": 0.0}
    names = {"Document": "html", "Stylesheet": "css", "Script": "js", "Font": "font"}
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))

    def finished(event: dict[str, Any]) -> None:
        name = names.get(kinds.get(event["requestId"], ""))
        if name:
            sizes[name] += event["encodedDataLength"] / 1024

    session.on("Network.loadingFinished", finished)
    page.goto(origin + path, wait_until="load")
    page.wait_for_timeout(1_500)
    paint = page.evaluate("window.__paint")
    requests = len(kinds)
    context.close()
    return {
        **sizes,
        "requests": requests,
        "lcp": paint["lcp"] / 1_000,
        "cls": paint["cls"],
        "tbt": paint["tbt"],
    }

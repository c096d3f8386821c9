"""A person with a browser's cookies, reduced to what can be timed: one connection, form posts, no rendering."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, how long it took (seconds), and how many SQL statements it cost (None for the floor)."""

    status: int
    location: str
    text: str
    seconds: float
    statements: int | None

    def hidden(self) -> dict[str, str]:
        """The hidden inputs of the page's drafted form (or of its last form), by name."""
        forms = re.findall(r"<form.*?</form>", self.text, re.DOTALL)
        drafted = [form for form in forms if 'name="draft"' in form]
        found = re.findall(
            r'<input type="hidden" name="([^"]+)" value="([^"]*)"', (drafted or forms or [""])[-1]
        )
        return dict(found)


@dataclass(slots=True)
class Person:
    """Somebody who is signed in, or nobody yet. Keeps the connection open, as browsers do."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    bearer: str = ""
    connection: http.client.HTTPConnection | None = None

    def sign_in(self, email: str, password: str) -> Person:
        """Through the ordinary form. Raises RuntimeError when the portal refuses."""
        page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        answer = self.post(
            "/accounts/login/", {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
        )
        if answer.status != 302:
            raise RuntimeError(f"{email} cannot sign in: {answer.status}")
        return self

    def get(self, path: str) -> Answer:
        return self.send("GET", path, None, {})

    def post(self, path: str, fields: Mapping[str, Any]) -> Answer:
        body = urlencode(fields, doseq=True)
        return self.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def post_json(self, path: str, content: Any, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, json.dumps(content), {"Content-Type": "application/json", **named})

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        """One request; the time runs from the first byte sent to the last byte read."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Host": f"localhost:{self.port}", "Accept-Encoding": "identity", **headers}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.bearer:
            headers["Authorization"] = f"Bearer {self.bearer}"
        if method == "POST":
            headers["Origin"] = f"http://localhost:{self.port}"
        start = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.connection.close()
            if method != "GET":
                raise
            start = time.perf_counter()  # the server closed an idle connection: ask again on a new one
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        raw = response.read()
        seconds = time.perf_counter() - start
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            self.cookies[name.strip()] = rest.split(";")[0]
        said = response.headers.get("X-Statements")
        return Answer(
            response.status,
            response.headers.get("Location", ""),
            raw.decode("utf-8", "replace"),
            seconds,
            int(said) if said is not None else None,
        )

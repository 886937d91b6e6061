"""Lambda's own endpoint on this machine: what the API invokes runs in this process."""

import json
import re
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

ASKED = re.compile(r"/2015-03-31/functions/(\w+)/invocations")


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        named = ASKED.fullmatch(self.path)
        assert named, self.path
        failed = {}
        try:
            said = _handler(named[1])(json.loads(asked), None)
        except Exception as error:
            said, failed = {"errorType": type(error).__name__, "errorMessage": str(error)}, {"X-Amz-Function-Error": "Unhandled"}
        body = json.dumps(said).encode()
        self.send_response(200)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **failed}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _handler(name: str) -> Any:
    from app import app

    (found,) = (one for one in app.pure_lambda_functions if one.name == name)
    module, _, function = found.handler_string.rpartition(".")
    return getattr(__import__(module, fromlist=[function]), function)


@cache
def url() -> str:
    """Started once per process, ended with it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"

"""Stands in for a service in the tests of the runner: it serves, or ends at once when BROKEN is set."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    if os.environ.get("BROKEN"):
        sys.exit("the reference data cannot be read")
    HTTPServer((os.environ["HTTP_HOST"], int(os.environ["HTTP_PORT"])), Health).serve_forever()

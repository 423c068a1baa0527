"""`python -m deploy.healthy`: exit 0 when the program in this container is ready. For health checks: needs no curl."""

from __future__ import annotations

import http.client
import os


def main() -> None:
    """Asks the program on HTTP_PORT. Ends with what it answered when that is not 200."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["HTTP_PORT"]), timeout=4)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(answer.read().decode(errors="replace")[:2000])
    except OSError as error:
        raise SystemExit(f"no answer: {error}") from None
    finally:
        connection.close()


if __name__ == "__main__":
    main()

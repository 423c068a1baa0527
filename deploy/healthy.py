"""`python -m deploy.healthy`: exit 0 when the program in this container is ready. For health checks: needs no curl."""

from __future__ import annotations

import http.client
import os


def main() -> None:
    """Asks the program on HTTP_PORT. Ends with what it answered when that is not 200."""
    port = os.environ.get("HTTP_PORT", "")
    if not port.isdecimal():
        raise SystemExit("These settings are missing or wrong: HTTP_PORT.")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(answer.read().decode(errors="replace")[:2000])
    except (OSError, http.client.HTTPException) as error:
        raise SystemExit(f"no answer: {error}") from None
    finally:
        connection.close()


if __name__ == "__main__":
    main()

import pytest

from deploy.local.environment import cause

PIP_PROXY = "WARNING: Retrying (Retry(total=0)) after connection broken by 'ProxyError('Cannot connect to proxy.')"
PIP_HASH = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
UV_HASH = "error: Failed to install\n  Caused by: Hash mismatch for `pydantic==2.14.4`"
UV_DISK = "failed to copy file to libjvm.so: No space left on device (os error 28)"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (PIP_PROXY, "needs the network"),
        ("dns error: failed to lookup address information", "needs the network"),
        (PIP_HASH, "A download is broken"),
        (UV_HASH, "A download is broken"),
        (UV_DISK, "The disk is full"),
        ("Could not install packages due to an OSError: [Errno 28]", "The disk is full"),
        ("something else", "could not be installed"),
    ],
)
def test_what_an_installer_says_becomes_one_sentence(output: str, sentence: str) -> None:
    assert sentence in cause(output)
    assert "\n" not in cause(output)

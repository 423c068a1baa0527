"""`python -m deploy.site FOLDER` writes the site; whoever serves it needs nothing but a file server."""

from __future__ import annotations

from pathlib import Path

import typer

from deploy.site.building import site_of, written

ROOT = Path(__file__).parents[2]


def main(folder: Path) -> None:
    """Write the documentation as HTML into FOLDER, which is made if it is not there."""
    files = site_of(ROOT)
    written(files, folder)
    print(f"wrote {len(files)} files: open {folder / 'index.html'}")


if __name__ == "__main__":
    typer.run(main)

"""/v1/exports: what everybody may see, as files with stable addresses, for spreadsheets, statistics and analysis."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.responses import Response, StreamingResponse

from services.impact.exports import operations
from services.impact.exports.model import EXPORTS, Export, Format
from shared.feeds.caching import OPEN, is_known
from shared.feeds.files.table import Column, Kind
from shared.feeds.shelf import Shelf
from shared.refusals import UnknownEntity
from shared.web import Caller, Result, anyone, service_router

router = service_router("/exports", tag="Exports")

Anyone = Annotated[Caller | None, anyone()]
BYTES = {"schema": {"type": "string", "format": "binary"}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {form.media_type: BYTES for form in Format}},
    304: {"description": "It is as you have it."},
}


class ColumnResult(Result):
    """A column and what it means, in Dutch."""

    name: str
    definition: str
    kind: Kind

    @classmethod
    def of(cls, column: Column) -> ColumnResult:
        """As the file has it."""
        return cls(name=column.name, definition=column.definition, kind=column.kind)


class ExportResult(Result):
    """A file: what is in it, and whom to credit wherever it is shown. In JSON-stat the columns are dimensions and measures."""

    file: str
    title: str
    description: str
    media_type: str
    source: str
    columns: list[ColumnResult]

    @classmethod
    def of(cls, export: Export) -> ExportResult:
        """As it can be had."""
        table = export.table
        return cls(
            file=export.file,
            title=table.title,
            description=table.description,
            media_type=export.format.media_type,
            source=table.source,
            columns=[ColumnResult.of(column) for column in table.columns],
        )


class ExportsResult(Result):
    """All files."""

    items: list[ExportResult]


@router.get("")
async def list_exports(_caller: Anyone) -> ExportsResult:
    """Which files there are, and what their columns mean."""
    return ExportsResult(items=[ExportResult.of(export) for export in EXPORTS.values()])


@router.get("/{file}", status_code=200, response_class=Response, responses=ANSWERS)
async def get_export(
    request: Request,
    file: str,
    _caller: Anyone,
    _seen: Annotated[str | None, Header(alias="If-None-Match", description="The ETag of what you have.")] = None,
) -> Response:
    """A file by its name, such as published-figures.csv. It is the same, byte for byte, until the ledger has a new line."""
    if (export := EXPORTS.get(file)) is None:
        raise UnknownEntity("exportbestand", file)
    database = request.app.state.database
    async with database.reading() as tx:
        place, modified = await operations.newest(tx)
    write = partial(operations.write, database, export, place, modified)
    written = await _shelf_of(request).file(file, place, write)
    content = written.content
    headers = {**OPEN, "ETag": content.tag, "Content-Disposition": f'attachment; filename="{file}"'}
    if is_known(request, content.tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(content.size)
    return StreamingResponse(content.chunks(), headers=headers, media_type=export.format.media_type)


def _shelf_of(request: Request) -> Shelf:
    state = request.app.state
    if not hasattr(state, "export_shelf"):
        state.export_shelf = Shelf()
    shelf: Shelf = state.export_shelf
    return shelf

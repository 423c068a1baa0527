"""A fold that names its tables may be rebuilt: so it alone writes them, it says nothing, and it has a name of its own."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from shared.messaging.reactions import Fold
from shared.runtime import Service
from tests.architecture.source import functions, modules, named, tree

SERVICES: list[Service] = [
    import_module(f"services.{name}.service").service for name in ("submission", "assessment", "matching", "impact")
]
FOLDS = [
    pytest.param(service, fold, id=fold.name)
    for service in SERVICES
    for fold in service.hears
    if isinstance(fold, Fold) and fold.tables
]
WRITES = r"\b(insert\s+into|update|delete\s+from|truncate)\s+{}\b(?!\s*\.)"


def store_of(fold: Fold) -> Path:
    """The file of its SQL."""
    return Path(inspect.getfile(fold.save))


def _text(value: ast.AST) -> str:
    """What stands in the strings of an expression."""
    return "".join(n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str))


@pytest.mark.parametrize(("service", "fold"), FOLDS)
def test_only_its_own_store_writes_its_tables(service: Service, fold: Fold) -> None:
    for path in modules(f"services/{service.name}"):
        for node in ast.walk(tree(path)):
            if path != store_of(fold) and isinstance(node, ast.Constant) and isinstance(node.value, str):
                written = [t for t in fold.tables if re.search(WRITES.format(t), node.value, re.IGNORECASE)]
                assert written == [], f"{named(path)}:{node.lineno} writes {written}"


@pytest.mark.parametrize(("service", "fold"), FOLDS)
def test_nobody_but_the_reaction_table_uses_what_writes_them(service: Service, fold: Fold) -> None:
    for path in modules(f"services/{service.name}"):
        users = [n for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute) and n.attr == fold.save.__name__]
        if path.name != "reactions.py" and store_of(fold).parent == path.parent:
            assert users == [], named(path)


@pytest.mark.parametrize(("service", "fold"), FOLDS)
def test_in_its_store_one_function_writes_them(service: Service, fold: Fold) -> None:
    source = tree(store_of(fold))
    writing = {
        target.id
        for node in source.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        and any(re.search(WRITES.format(t), _text(node.value), re.IGNORECASE) for t in fold.tables)
    }
    assert writing
    users = {
        f.name for f in functions(store_of(fold)) for n in ast.walk(f) if isinstance(n, ast.Name) and n.id in writing
    }
    assert users == {fold.save.__name__}


@pytest.mark.parametrize(("service", "fold"), FOLDS)
def test_its_steps_say_nothing(service: Service, fold: Fold) -> None:
    for step in fold.steps.values():
        calls = [n for n in ast.walk(ast.parse(inspect.getsource(step))) if isinstance(n, ast.Call)]
        assert not any(isinstance(call.func, ast.Name) and call.func.id == "say" for call in calls), step


@pytest.mark.parametrize(("service", "fold"), FOLDS)
def test_its_tables_are_there_and_have_a_key(service: Service, fold: Fold) -> None:
    sql = "\n".join(migration.sql for migration in service.migrations)
    for table in fold.tables:
        (created,) = re.findall(rf"create table {table} \((.*?)\);\n", sql, re.DOTALL)
        assert "primary key" in created


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_reactions_of_a_service_have_different_names(service: Service) -> None:
    names = [reaction.name for reaction in service.hears]
    assert len(set(names)) == len(names)

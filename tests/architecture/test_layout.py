"""Where things stand: a newcomer who knows one feature knows them all."""

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, imports, modules, named, tree

FEATURE_FILES = {"__init__.py", "model.py", "operations.py", "store.py", "reactions.py", "http.py"}
SERVICE_FILES = {"__init__.py", "__main__.py", "service.py"}
SERVICES = ("submission", "assessment", "matching", "impact")
DOORS = {"asyncio", "socket", "subprocess", "os", "pathlib", "http", "urllib", "random", "time", "logging", "threading"}
PURE = (
    "shared.contracts",
    "shared.refusals",
    "shared.reference",
    "shared.conflicts",
    "shared.rounding",
    "shared.persons",
    "shared.terms",
    "shared.feeds.files",
)
SQL = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()",
    re.IGNORECASE | re.DOTALL,
)
SQL_ROOMS = (
    "shared/storage",
    "shared/messaging",
    "shared/runtime/duties.py",
    "shared/web/store.py",
    "deploy/setup.py",
    "deploy/backup",
    "deploy/doctor",
    "deploy/keycloak",
    "deploy/local",
)
KAFKA_ROOMS = ("shared/messaging", "shared/runtime", "deploy")


def features(service: str) -> list[Path]:
    home = ROOT / "services" / service
    return [
        folder
        for folder in sorted(home.iterdir())
        if folder.is_dir() and folder.name not in ("migrations", "__pycache__")
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_its_declaration_its_features_and_its_migrations(service: str) -> None:
    home = ROOT / "services" / service
    assert {path.name for path in home.glob("*.py")} == SERVICE_FILES
    assert (home / "README.md").is_file()
    assert list((home / "migrations").glob("0001_pre_*.sql"))
    assert features(service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_feature_has_no_files_but_the_five(service: str) -> None:
    strangers = [
        named(path) for folder in features(service) for path in folder.rglob("*.py") if path.name not in FEATURE_FILES
    ]
    assert strangers == []


@pytest.mark.parametrize("path", [p for p in modules("services") if p.name == "model.py"], ids=named)
def test_a_model_is_pure(path: Path) -> None:
    own_service = ".".join(path.relative_to(ROOT).parts[:2])
    for name in imports(path):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names:
            assert top not in DOORS, f"{named(path)} opens the door {name}"
        else:
            of_a_model = name.startswith(own_service)
            assert of_a_model or name.startswith(PURE), f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", [p for p in modules("services") if p.name == "model.py"], ids=named)
def test_a_model_takes_from_its_service_only_models(path: Path) -> None:
    own_service = ".".join(path.relative_to(ROOT).parts[:2])
    for name in imports(path):
        if name.startswith(own_service):
            last = name.split(".")[-1]
            assert last not in ("operations", "store", "reactions", "http", "service"), f"{named(path)} imports {name}"


def test_sql_stands_in_stores_and_nowhere_else() -> None:
    for path in modules("services", "shared", "deploy"):
        if path.name == "store.py" or named(path).startswith(SQL_ROOMS):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not SQL.match(node.value), f"{named(path)}:{node.lineno} holds SQL"


def test_only_messaging_and_runtime_know_kafka() -> None:
    for path in modules("services", "shared", "deploy"):
        if named(path).startswith(KAFKA_ROOMS):
            continue
        assert not [name for name in imports(path) if name.split(".")[0] in ("aiokafka", "faststream")], named(path)


def test_a_reaction_table_holds_no_logic() -> None:
    for path in modules("services"):
        if path.name == "reactions.py":
            body = tree(path).body
            kinds = {type(node) for node in body}
            assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign}, named(path)

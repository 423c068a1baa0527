"""Small and clear: what does not fit on a few screens is more than one thing."""

import ast

from tests.architecture.source import functions, modules, named

MOST_FILE_LINES, MOST_FUNCTION_LINES = 300, 40


def test_files_have_at_most_300_lines() -> None:
    long = {
        named(path): lines
        for path in modules("services", "shared", "deploy", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_FILE_LINES
    }
    assert long == {}


def test_functions_have_at_most_40_lines() -> None:
    long = {
        f"{named(path)}:{function.name}": lines
        for path in modules("services", "shared", "deploy")
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_FUNCTION_LINES
    }
    assert long == {}


def test_public_functions_of_shared_say_what_they_mean_and_take() -> None:
    bare = []
    for path in modules("shared"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            members = node.body if isinstance(node, ast.ClassDef) else [node]
            for function in members:
                if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) or function.name.startswith("_"):
                    continue
                is_protocol = isinstance(node, ast.ClassDef) and any(
                    "Protocol" in ast.dump(base) for base in node.bases
                )
                if not is_protocol and (function.returns is None or not ast.get_docstring(function)):
                    bare.append(f"{named(path)}:{function.name}")
    assert bare == []


def test_names_are_of_the_domain() -> None:
    vague = ("manager", "helper", "util", "base", "misc", "common")
    assert [named(path) for path in modules("services", "shared", "deploy") if path.stem.strip("s") in vague] == []

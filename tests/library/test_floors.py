"""The house: a floor of ``vae_lib`` imports only from floors below it, and files stay small."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import vae_lib
from tools.paths import ROOT

# What each floor may import of vae_lib. The front is what lies in no folder.
BELOW = {
    "engine": {"engine"},
    "front": {"front", "engine"},
    "lessons": {"front", "engine", "lessons"},
    "cli": {"front", "engine", "cli"},
}
MATHEMATICS = ("gaussian", "likelihoods", "objectives")
FRONT_FILES = sorted((ROOT / "vae_lib").glob("*.py"))
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "vae_lib").rglob("*.py"))
}


def floor(module: str) -> str:
    """The floor of a module, by its full name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in BELOW else "front"


def imported(nodes: Iterator[ast.AST], package: str) -> set[str]:
    """The full names of what imports name: modules, and what is taken out of them."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def at_module_level(tree: ast.AST) -> Iterator[ast.AST]:
    """All that runs when a module is imported: not what stands in functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from at_module_level(node)


def imports_of(path: Path, module: str = "", on_import: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imported(at_module_level(tree) if on_import else ast.walk(tree), package)


def ours(names: set[str]) -> set[str]:
    """Of the imported names those that are modules of vae_lib."""
    return {name for name in names if name in MODULES and name != "vae_lib"}


@pytest.mark.parametrize("module", MODULES)
def test_a_floor_imports_only_from_floors_below_it(module):
    if module == "vae_lib.__main__":  # the door of the command line
        return
    for other in ours(imports_of(MODULES[module], module)):
        assert floor(other) in BELOW[floor(module)], f"{module} imports {other}"


def test_only_the_door_imports_the_command_line():
    for module, path in MODULES.items():
        if floor(module) != "cli" and ours(imports_of(path, module)) & set(in_floor("cli")):
            assert module == "vae_lib.__main__", f"{module} imports the command line"


def in_floor(name: str) -> list[str]:
    return [module for module in MODULES if floor(module) == name]


def test_no_module_is_imported_while_it_imports():
    """No cycle among the imports that run with a module; ``vae_lib`` itself stands before all."""
    edges = {
        module: ours(imports_of(path, module, on_import=True)) - {module}
        for module, path in MODULES.items()
    }
    left = dict(edges)
    while free := [module for module, needs in left.items() if not needs & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"a cycle lies among {sorted(left)}"


@pytest.mark.parametrize("name", MATHEMATICS)
def test_mathematics_needs_no_plumbing(name):
    module = f"vae_lib.{name}"
    needed = ours(imports_of(MODULES[module], module))
    doors = {f"vae_lib.engine.{one}" for one in ("arguments", "checks", "door", "memory")}
    assert {one for one in needed if floor(one) == "engine"} <= doors
    plumbing = {"data", "training", "keeping", "checkpoints", "plotting", "widgets", "evaluation"}
    assert not needed & {f"vae_lib.{one}" for one in plumbing}


@pytest.mark.parametrize("path", FRONT_FILES, ids=lambda path: path.name)
def test_a_front_file_has_at_most_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_a_newcomer_meets_about_a_dozen_names():
    assert 8 <= len(vae_lib.__all__) <= 16
    assert len(set(vae_lib.__all__)) == len(vae_lib.__all__)
    for name in vae_lib.__all__:
        assert getattr(vae_lib, name).__doc__, f"{name} is not explained"


def test_every_folder_with_code_is_installed():
    """An editable installation hides a package that pyproject.toml forgets."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = set(tomllib.load(file)["tool"]["setuptools"]["packages"])
    assert listed == {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "vae_lib").rglob("__init__.py")
    }
    folders = {path.parent for path in (ROOT / "vae_lib").rglob("*.py")}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == listed


@pytest.mark.parametrize("module", MODULES)
def test_the_library_knows_nothing_of_what_stands_around_it(module):
    names = {name.partition(".")[0] for name in imports_of(MODULES[module], module)}
    extensions = {path.stem for path in (ROOT / "book" / "_ext").rglob("*.py")}
    around = {"tools", "benchmarks", "tests", "pytest", "sphinx", "docutils"} | extensions
    assert not names & around


@pytest.mark.parametrize("module", MODULES)
def test_what_is_raised_for_wrong_input_is_our_own_error(module):
    """The command line takes InputError for the user's mistake, and all else for a bug."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func)
            assert name not in ("ValueError", "TypeError", "KeyError"), f"{module} raises {name}"

"""Every version is pinned: what is used directly, and what that needs in turn, everywhere."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.build import book, equations
from tools.paths import ROOT

OURS = ("vae_lib", "tools", "book/_ext", "tests")
ENVIRONMENTS = [
    {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": system}
    | {"platform_machine": machine, "platform_system": name}
    for python in ("3.11", "3.12", "3.13", "3.14")
    for system, name, machine in [
        ("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"),
        ("darwin", "Darwin", "arm64"), ("win32", "Windows", "AMD64"),
    ]
]  # fmt: skip


def lines(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(name, environment=None):
    """The one version of each distribution that holds in an environment, by default in this one."""
    found = {}
    for requirement in map(Requirement, lines(name)):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            key = canonicalize_name(requirement.name)
            assert key not in found, f"{name} pins {key} twice"
            found[key] = str(requirement.specifier).removeprefix("==")
    return found


def project():
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_every_line_is_one_exact_version_and_names_no_place(name):
    for line in lines(name):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^/:@\\]+)?", line), f"{name}: {line}"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: " ".join(e.values()))
def test_direct_requirements_have_the_same_version_in_both_files_everywhere(environment):
    direct, all_of_them = (
        pins(name, environment) for name in ("requirements.txt", "constraints.txt")
    )
    for name, version in direct.items():
        assert all_of_them.get(name) == version, f"{name}: run make constraints"


def test_what_the_gpu_build_of_torch_brings_is_pinned_on_linux_only():
    def gpu(environment):
        return {n for n in pins("constraints.txt", environment) if n.startswith("nvidia-")}

    for environment in ENVIRONMENTS:
        assert bool(gpu(environment)) == (environment["sys_platform"] == "linux")


def test_every_installed_distribution_that_they_need_is_pinned():
    """Also indirectly, and in the version that is installed; what is missing here is left out."""
    constraints = pins("constraints.txt")
    seen, waiting = set(), [(line.partition("==")[0], "") for line in lines("requirements.txt")]
    while waiting:
        name, extra = waiting.pop()
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        name = canonicalize_name(name)
        assert name in constraints, f"{name}: run make constraints"
        assert Version(installed.version).public == constraints[name], name
        for needed in map(Requirement, installed.requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                new = {(needed.name, more) for more in ("", *needed.extras)} - seen
                seen |= new
                waiting += new
    assert len(seen) > 2 * len(lines("requirements.txt"))


def test_every_package_that_our_code_imports_is_a_direct_requirement():
    direct, provided_by = pins("requirements.txt"), packages_distributions()
    files = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
    own = {path.stem for path in files}
    own |= {"vae_book", "vae_lib", "tools", "benchmarks", "wrong_answers"}
    for path in files:
        for module in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if module not in own and module not in sys.stdlib_module_names:
                names = map(canonicalize_name, provided_by.get(module, [module]))
                assert any(name in direct for name in names), f"{path} imports {module}"


def imported(tree):
    """The first parts of the names of all modules that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_the_library_s_lower_bounds_admit_the_pins_and_it_declares_what_it_imports():
    about, direct = project(), pins("requirements.txt")
    extras = [text for texts in about["optional-dependencies"].values() for text in texts]
    declared = list(map(Requirement, [*about["dependencies"], *extras]))
    for requirement in declared:
        assert direct[canonicalize_name(requirement.name)] in requirement.specifier
    names = {canonicalize_name(requirement.name) for requirement in declared}
    # matplotlib-inline is asked for only where a notebook's kernel, which brings it, is at work.
    names.add("matplotlib-inline")
    provided_by = packages_distributions()
    for path in (ROOT / "vae_lib").rglob("*.py"):
        for module in set(imported(ast.parse(path.read_text(encoding="utf-8")))):
            if module != "vae_lib" and module not in sys.stdlib_module_names:
                ours = names & set(map(canonicalize_name, provided_by.get(module, [module])))
                assert ours, f"{path} imports {module}, which pyproject.toml does not declare"


def test_kept_outputs_and_reports_hold_for_these_versions_only(monkeypatch):
    for module, key in ((book, book.outputs_folder), (equations, equations.sources_key)):
        seen = []
        monkeypatch.setattr(module, "digest", lambda paths, seen=seen: seen.extend(paths) or "key")
        key()
        assert {ROOT / "requirements.txt", ROOT / "constraints.txt"} <= set(seen)


def test_make_installs_within_the_constraints():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"-r requirements\.txt(.*)", makefile) == [" -c constraints.txt"]

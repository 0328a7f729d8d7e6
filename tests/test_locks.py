"""The locks: every package with hashes, no registry named, and what runs is what was tested."""

import re
import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
NAMES = sorted(path.stem for path in FOLDER.glob("*.in"))


def packages(name):
    """Name and version, with its marker, of each package in a lock → its hashes."""
    text = (FOLDER / f"{name}.txt").read_text().replace("\\\n", " ")
    return {
        line.partition("--hash")[0].strip(): re.findall(r"--hash=sha256:[0-9a-f]{64}", line) for line in text.splitlines() if line
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_pinned_with_hashes(name):
    locked = packages(name)
    assert locked
    for package, hashes in locked.items():
        assert re.match(r"[a-z0-9.-]+==[\w.]+", package), package
        assert hashes, package


@pytest.mark.parametrize("name", NAMES)
def test_no_registry_is_named(name):
    for file in (f"{name}.in", f"{name}.txt"):
        assert not re.search(r"https?:|--(index|extra-index|find-links|trusted)", (FOLDER / file).read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_direct_requirement_is_locked(name):
    wanted = re.findall(r"^([a-z0-9][a-z0-9-]*)", (FOLDER / f"{name}.in").read_text(), re.MULTILINE)
    locked = {package.partition("==")[0] for package in packages(name)}
    assert set(wanted) - locked == set()


def test_the_suite_runs_on_exactly_what_a_shop_runs_on():
    assert set(packages("run")) - set(packages("dev")) == set()


def test_no_dependency_hides_in_pyproject():
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    assert "dependencies" not in project

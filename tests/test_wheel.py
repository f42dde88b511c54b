"""The wheel holds the package as it is tracked: modules, tables, scenarios, the type marker; nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INSIDE = ("agents/", "commands/", "scenarios/", "viz/", "world/")


def package_files() -> set[str]:
    """Return the files that belong to the package: tracked, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("the sources are not a git checkout, so there is nothing to compare the wheel with")
    return {
        name
        for name in found.stdout.splitlines()
        if (name.startswith(INSIDE) or ("/" not in name and name.endswith(".py")) or name == "py.typed")
        and (ROOT / name).is_file()
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> set[str]:
    copy = tmp_path_factory.mktemp("source")  # building in place would leave build/ in the checkout
    for name in {*package_files(), "pyproject.toml", "README.md", "LICENSE", "DATA-LICENSES.md"}:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    (path,) = out.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    inside = {name.removeprefix("wattrace/") for name in wheel if ".dist-info/" not in name}
    assert inside == package_files()


def test_the_wheel_carries_types_tables_scenarios_and_licences(wheel):
    wanted = ("py.typed", "world/data/nations.csv", "scenarios/library/baseline.toml")
    assert {f"wattrace/{name}" for name in wanted} <= wheel
    assert any(name.endswith("licenses/DATA-LICENSES.md") for name in wheel)

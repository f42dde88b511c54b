"""A start is quick because it loads little: modules are counted, so that a busy machine cannot fail it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"numpy", "pandas", "scipy", "numba", "mesa", "pyarrow", "matplotlib", "pydantic", "pint", "rich"}


def loaded(code: str) -> list[str]:
    """Return what a fresh interpreter has loaded after `code`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stderr.splitlines()[-1])


def test_importing_the_package_loads_nothing_heavy():
    modules = loaded("import wattrace; wattrace.__version__; dir(wattrace)")
    assert not HEAVY & set(modules)
    assert not [name for name in modules if name.startswith("wattrace.")]


def test_the_public_face_lists_what_it_gives():
    import wattrace

    assert set(wattrace.__all__) <= set(dir(wattrace))
    assert wattrace.Scenario.__module__ == "wattrace.scenarios.scenario"


def test_help_of_run_loads_nothing_heavy():
    code = "from click.testing import CliRunner\nfrom wattrace.cli import main\n"
    code += "import wattrace.cli as cli\ngroup = getattr(cli, 'cli', main)\n"
    code += "assert CliRunner().invoke(group, ['run', '--help']).exit_code == 0"
    assert not HEAVY & set(loaded(code))

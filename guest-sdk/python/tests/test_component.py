"""The whole way to a component. Each build takes 10 to 20 seconds; `-m "not slow"` leaves them out."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("componentize_py") is None, reason="componentize-py is not installed"),
]

SUITE = """\
from orbital_sdk import Test, case

@case(every="1s")
def smoke(t: Test) -> None:
    from email.message import EmailMessage
    EmailMessage()
"""


def build(project: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return subprocess.run(
        [sys.executable, "-P", "-m", "orbital_sdk.build", "--project", str(project), "--out", str(project / "shop.wasm")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_component_is_built_and_says_what_it_is(tmp_path: Path) -> None:
    settings = '[project]\nname = "shop"\nversion = "1.2.3"\n[tool.orbital]\nhttp = true\nmypy = false\n'
    done = build(tmp_path, {"app.py": SUITE, "pyproject.toml": settings})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(": smoke\n")
    component = (tmp_path / "shop.wasm").read_bytes()
    assert component.startswith(b"\0asm")
    assert b"orbital:test/suite@0.1.0" in component
    assert b"wasi:http/outgoing-handler@0.2.9" in component
    assert b"\x08language\x01\x06Python" in component and component.endswith(b"\x07version1.2.3")
    # Nothing is left behind but the component.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "pyproject.toml", "shop.wasm"]


def test_what_only_this_python_has_is_told(tmp_path: Path) -> None:
    # An extension module of this machine, under the name that a package would give it.
    extension = Path(str(importlib.import_module("_testcapi").__file__))
    (tmp_path / "speedups").mkdir()
    (tmp_path / "speedups" / f"_testcapi{''.join(extension.suffixes)}").symlink_to(extension)
    files = {
        "app.py": "import speedups\n" + SUITE,
        "pyproject.toml": "[tool.orbital]\nmypy = false\n",
        "speedups/__init__.py": "from . import _testcapi\n",
    }
    done = build(tmp_path, files)
    assert done.returncode == 1
    assert done.stderr.startswith("error: speedups/__init__.py:1: ImportError: cannot import name '_testcapi'")
    assert "is compiled for this machine" in done.stderr
    assert not (tmp_path / "shop.wasm").exists()

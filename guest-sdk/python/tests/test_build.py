"""What the author of a project is told when it cannot be built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SMOKE = """\
from orbital_sdk import Test, case

@case(manual=True)
def smoke(t: Test) -> None:
    pass
"""


def check(project: Path, files: dict[str, str]) -> tuple[int, str]:
    """Writes a project's files, and finds its mistakes."""
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "orbital_sdk.build", "--project", str(project), "--check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_project_without_settings_has_its_cases_in_app(tmp_path: Path) -> None:
    assert check(tmp_path, {"app.py": SMOKE}) == (0, "")


def test_all_modules_of_a_package_are_imported(tmp_path: Path) -> None:
    code, text = check(
        tmp_path,
        {
            "pyproject.toml": '[tool.orbital]\nmodules = ["checkout"]\n',
            "src/checkout/__init__.py": "",
            "src/checkout/deeper/__init__.py": "",
            "src/checkout/deeper/second.py": SMOKE,
            "src/checkout/first.py": SMOKE,
            "src/checkout/test_first.py": "import nowhere",
        },
    )
    assert code == 1
    assert text == (
        "error: src/checkout/first.py:3: case `smoke` is defined twice: src/checkout/deeper/second.py:3 and "
        "src/checkout/first.py:3; rename one, or set its `name`\n"
    )


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("def broken(:\n    pass\n", "error: app.py:1: invalid syntax\n    def broken(:\n               ^\n"),
        ("import nowhere\n", "error: app.py:1: ModuleNotFoundError: No module named 'nowhere'\n  help: install it for "),
        ("x = 1\n", "error: there are no cases in `app`; decorate a function with `@case(…)`, or list the modules"),
        (SMOKE.replace("manual=True", 'every="soon"'), "error: app.py:3: case `smoke`: `every`: not a duration: `soon`; "),
        (SMOKE.replace("manual=True", ""), "error: app.py:3: case `smoke`: a case needs a schedule: "),
        (SMOKE.replace("(manual=True)", ""), "error: app.py:3: `@case` needs parentheses and a schedule: "),
        (SMOKE + "\n1 / 0\n", "error: app.py:7: ZeroDivisionError: division by zero\n"),
        (SMOKE + "\nraise SystemExit(3)\n", "error: app.py:7: the test called `exit(3)`; it must return instead\n"),
        (SMOKE + "\nfrom orbital_sdk import http\n", "error: `orbital_sdk.http` is imported, and "),
    ],
)
def test_mistakes_are_told_in_place(tmp_path: Path, app: str, expected: str) -> None:
    code, text = check(tmp_path, {"app.py": app})
    assert code == 1
    assert text.startswith(expected), text


def test_types_are_checked(tmp_path: Path) -> None:
    app = SMOKE.replace("    pass", "    t.wait_for(7)")
    code, text = check(tmp_path, {"app.py": app})
    assert code == 1
    assert 'app.py:5: error: Argument 1 to "wait_for" of "Test" has incompatible type "int"' in text
    assert "mypy = false" in text
    assert check(tmp_path, {"pyproject.toml": "[tool.orbital]\nmypy = false\n"}) == (0, "")


def test_sockets_are_warned_of_where_they_are_imported(tmp_path: Path) -> None:
    helper = "import urllib.request\n\ndef late() -> None:\n    import threading\n"
    code, text = check(tmp_path, {"app.py": "import helper\n" + SMOKE, "helper.py": helper})
    assert code == 0
    first, second = text.splitlines()
    assert first.startswith("warning: helper.py:1: `urllib.request`: it opens sockets, which ")
    assert second.startswith("warning: helper.py:4: `threading`: a component has no threads")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("[tool.orbital]\nmodule = ['app']\n", "unknown setting; did you mean `modules`?"),
        ("[tool.orbital]\nmodules = 'app'\n", "expected a list of names"),
        ("[tool.orbital]\nmodules = ['json']\n", "there is no module `json`"),
        ("[tool.orbital]\nhttp = 1\n", "expected true or false"),
        ("[tool.orbital]\nsource = 'nowhere'\n", "is no directory"),
        ("[tool\n", "pyproject.toml: "),
    ],
)
def test_mistakes_in_the_settings_are_told(tmp_path: Path, settings: str, expected: str) -> None:
    code, text = check(tmp_path, {"app.py": SMOKE, "pyproject.toml": settings})
    assert code == 1
    assert text.startswith("error: ") and expected in text


def test_a_module_cannot_have_a_name_that_is_taken(tmp_path: Path) -> None:
    code, text = check(tmp_path, {"json.py": SMOKE, "pyproject.toml": '[tool.orbital]\nmodules = ["json"]\n'})
    assert code == 1
    assert "the module `json` cannot have this name" in text


def test_a_package_that_opens_sockets_is_warned_of_where_it_is_imported(tmp_path: Path) -> None:
    # Installed, as far as this Python can tell.
    site = tmp_path / "lib" / "site-packages"
    files = {
        "lib/site-packages/client/__init__.py": "import threading\nfrom . import wire\n",
        "lib/site-packages/client/wire.py": "import http.client\nimport socket\n",
        "project/app.py": "import sys\n" + f"sys.path.append({str(site)!r})\n" + "import client\n" + SMOKE,
        "project/pyproject.toml": "[tool.orbital]\nmypy = false\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    code, text = check(tmp_path / "project", {})
    assert code == 0
    assert text.count("warning: ") == 1
    assert text.startswith("warning: app.py:3: `client` imports `http.client`: a component has no sockets")
    # With `wasi:http` it may have a way to send.
    settings = "[tool.orbital]\nmypy = false\nhttp = true\n"
    assert check(tmp_path / "project", {"pyproject.toml": settings}) == (0, "")


def test_a_lazy_module_is_not_asked_for_what_it_lacks(tmp_path: Path) -> None:
    lazy = "def __getattr__(name: str) -> object:\n    raise ModuleNotFoundError(name)\n"
    app = "import lazy\nimport sys\ndel lazy.__file__\nsys.modules['odd'] = object()  # type: ignore[assignment]\n"
    assert check(tmp_path, {"app.py": app + SMOKE, "lazy.py": lazy}) == (0, "")


def test_random_values_that_would_repeat_are_warned_of(tmp_path: Path) -> None:
    early = """\
import random
import secrets
import uuid

from orbital_sdk import Test, case

number = random.random()
key = uuid.uuid4()
token = secrets.token_hex()
generator = random.Random()
chosen = random.Random(7)
repeated = chosen.random()


def draw() -> float:
    return generator.gauss(0, 1)


drawn = draw()


@case(manual=True)
def smoke(t: Test) -> None:
    t.log.info(str(draw()))
"""
    code, text = check(tmp_path, {"app.py": early})
    assert code == 0
    places = [line.split(": ")[1] for line in text.splitlines()]
    assert places == ["app.py:7", "app.py:8", "app.py:9", "app.py:16"]
    assert "the same in every run; take them in a case" in text

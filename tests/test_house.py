"""The house: a package imports only from those above it, and commands answer in one way."""

import ast
from pathlib import Path

import click
import pytest

from utils import cli
from utils.errors import UserError

UTILS = Path(__file__).parents[1] / "utils"
FLOORS = [  # from the top; generative shows what quality measures
    {"errors", "paths", "progress"},
    {"tables", "options"},
    {"statistics"},
    {"sound"},
    {"ocean"},
    {"data"},
    {"models"},
    {"plotting"},
    {"eda"},
    {"baseline"},
    {"quality"},
    {"generative"},
    {"augmentation"},
    {"detect"},
    {"checks", "report", "benchmark", "pages"},
    {"cli"},
]


def imported(path):
    """The rooms of utils that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "utils":
            below = node.module.split(".")[1:2]
            yield from below or (alias.name for alias in node.names)


def test_a_package_imports_only_from_those_above_it():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    modules = [path for path in UTILS.rglob("*.py") if not path.name.startswith("__")]
    assert len(modules) > 50
    for path in modules:
        own = path.relative_to(UTILS).parts[0].removesuffix(".py")
        for name in imported(path):
            assert name == own or floor[name] < floor[own] or {name, own} <= FLOORS[floor[own]], (
                f"{path.relative_to(UTILS)} imports {name}, which stands below it"
            )


@pytest.mark.parametrize("init", sorted(UTILS.rglob("*/__init__.py")), ids=lambda p: p.parent.name)
def test_a_package_names_its_public_face(init):
    """By name in `__all__`, or module by module in its first words."""
    text = init.read_text(encoding="utf-8")
    if "__all__" not in text:
        own = [
            path.stem
            for path in init.parent.iterdir()
            if path.suffix == ".py" and path != init or path.is_dir() and any(path.glob("*.py"))
        ]
        assert not [name for name in own if f"`{name}" not in ast.get_docstring(ast.parse(text))]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UserError("give more clips."), 2, "give more clips.\n"),
        (PermissionError(13, "Permission denied", "results/x.csv"), 2, "results/x.csv: Permission"),
        (OSError(28, "No space left on device", "x.csv"), 2, "x.csv: No space left on device\n"),
        (FileNotFoundError("nothing is called so; name a file."), 2, "nothing is called so; name"),
        (KeyboardInterrupt(), 130, "the same command goes on from there"),
    ],
)
def test_what_stops_a_command_is_one_sentence(error, code, words, monkeypatch, capsys):
    def stops(**_):
        raise error

    monkeypatch.setattr(cli.download, "callback", stops)
    assert cli.main(["download", "x"]) == code
    told = capsys.readouterr().err
    assert words in told and len(told.strip().splitlines()) == 1


def test_an_error_of_a_library_keeps_its_traceback(monkeypatch):
    def stops(**_):
        raise ValueError("shapes (3,) and (4,) do not match")

    monkeypatch.setattr(cli.download, "callback", stops)
    with pytest.raises(ValueError, match="shapes"):
        cli.main(["download", "x"])


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("command", list(commands(cli.whales)), ids=" ".join)
def test_each_command_shows_an_example_of_itself(command, capsys):
    assert cli.main([*command, "--help"]) == 0
    assert f"Example: whales {' '.join(command)}" in capsys.readouterr().out


LESSONS = {"losses_of", "negative_log_likelihood"}  # shown in 02, where hints would be in the way


def public_functions(body):
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.FunctionDef) and node.name not in LESSONS:
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from public_functions(node.body)


def test_everything_public_has_type_hints():
    lacking = []
    for path in UTILS.rglob("*.py"):
        for function in public_functions(ast.parse(path.read_text(encoding="utf-8")).body):
            given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            hints = [arg.annotation for arg in given if arg.arg not in ("self", "cls")]
            if None in (*hints, function.returns):
                lacking.append(f"{path.relative_to(UTILS)}: {function.name}")
    assert not lacking

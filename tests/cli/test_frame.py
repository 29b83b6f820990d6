"""The command table, start-up and exit codes of the command line."""

import subprocess
import sys

import pytest

from thermocline.cli.app import COMMANDS, load_command, run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_loads_and_says_the_same_about_itself(name: str) -> None:
    command = load_command(name)

    assert command.name == name
    assert command.help, f"`thermocline {name} --help` explains nothing"


def test_help_imports_no_heavy_module() -> None:
    """Start-up stays fast because the overview loads no command, no database and no cloud client."""
    program = (
        "import sys; from thermocline.cli.app import run; code = run(['--help']);"
        "heavy = {'duckdb', 'pandas', 'numpy', 'google', 'aiohttp', 'matplotlib', 'pyarrow'} & set(sys.modules);"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert "execute" in result.stdout


def test_a_mistyped_command_names_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyse"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "analyze" in err


def test_an_unknown_option_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--bogus"]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "--bogus" in err
    assert "thermocline --help" in err

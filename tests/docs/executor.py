"""Runs the code blocks of a document in their order, in a folder of the document's own, beside a server of its own.

| language | what happens |
|---|---|
| `python` | a program, run to its end; with `test` it is a file of tests, given to pytest |
| `console` | commands after `$ `, run by bash; each must succeed, and print what stands below it (`...`: anything) |
| `sh`, `bash` | a script, run to its end |
| `yaml` | a configuration, read without a warning; with `server` the document's has it |
| `json`, `toml` | must be readable |
| `mermaid`, `text` | for people |

Any block may have `file=NAME`: then it is written to that file, and not run. `fails` says that a command or program
does not succeed. `serves` says that a command goes on until it is stopped, once it listens. `run-by=FILE` is for what
needs more than that (a browser, a network, other people's programs): that file of tests takes it by `blocks_for`.

Programs find the server in LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and where a text says
`127.0.0.1:7880`. It is `roomwright --dev` on another port, started when it is first needed.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from roomwright.config import DEV_KEYS, Flags, load
from tests.docs.blocks import ROOT, Block, commands_of, is_like

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ADDRESS = "127.0.0.1:7880"
DEADLINE_S = 120
_LENT = ("proto", "tools", "web", "server", "buf.yaml", "buf.gen.yaml", "Makefile", "Containerfile")
"""What a document's commands find in their folder of the project, beside `.venv`."""
_LISTENS = re.compile(r"http://(127\.0\.0\.1:\d+)")
_ADVICE = "listening on every interface"
"""The warning that a part of a configuration may cause."""
_OPTIONS = {"fails", "file", "run-by", "server", "serves", "test"}
_FOR_PEOPLE = {"mermaid", "text"}


class WrongBlockError(AssertionError):
    """A block is not what it says it is."""


class Executor:
    """Runs blocks in `folder`; close it at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[str] | None = None
        self._address = ""
        self._flags: tuple[str, ...] = ()
        self._run: Mapping[str, Callable[[Block], None]] = {
            "python": self._python,
            "console": self._console,
            "sh": self._script,
            "bash": self._script,
            "yaml": self._yaml,
            "json": lambda block: json.loads(block.text),
            "toml": lambda block: tomllib.loads(block.text),
        }
        for name in _LENT:
            (folder / name).symlink_to(ROOT / name)
        (folder / ".venv").symlink_to(sys.prefix)

    def run(self, block: Block) -> None:
        """Run one block. Raises WrongBlockError."""
        try:
            self._dispatch(block)
        except (ValueError, OSError, yaml.YAMLError, subprocess.TimeoutExpired) as error:
            raise WrongBlockError(f"line {block.line}: {error}") from error

    def _dispatch(self, block: Block) -> None:
        options = block.options
        if unknown := options.keys() - _OPTIONS:
            raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
        if "run-by" in options:
            _check_taken(ROOT / options["run-by"])
        elif "file" in options:
            (self._folder / options["file"]).write_text(self._here(block.text), encoding="utf-8")
        elif block.language not in _FOR_PEOPLE:
            if block.language not in self._run:
                raise ValueError(f"no way to check {block.language or 'a block without a language'}; run-by=FILE?")
            self._run[block.language](block)

    def _python(self, block: Block) -> None:
        file = self._folder / f"test_line_{block.line}.py"
        file.write_text(self._here(block.text), encoding="utf-8")
        pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider") if "test" in block.options else ()
        self._finish(block, (sys.executable, *pytest, str(file)))

    def _script(self, block: Block) -> None:
        self._finish(block, ("bash", "-euo", "pipefail", "-c", self._here(block.text)))

    def _console(self, block: Block) -> None:
        carried = ""  # variables of one command are there in the next
        for command in commands_of(block.text):
            text = re.sub(r"^make ", f"make -nC {ROOT} ", self._here(command.text))  # only that there is such a target
            if "serves" in block.options:
                self._serve(text)
                continue
            printed = self._finish(block, ("bash", "-euo", "pipefail", "-c", f"{carried}\n{text}"))
            carried += f"\n{text}" if re.match(r"(export )?\w+=", text) else ""
            if command.output and not is_like(printed, self._here(command.output)):
                raise ValueError(f"{command.text}\nprints\n{printed}\nnot\n{command.output}")

    def _yaml(self, block: Block) -> None:
        warnings = [one for one in load(Flags(config_body=block.text)).warnings if not one.startswith(_ADVICE)]
        if warnings:
            raise ValueError("; ".join(warnings))
        if "server" in block.options:
            self.close()
            (self._folder / "server.yaml").write_text(block.text, encoding="utf-8")
            self._flags = ("--config", "server.yaml")

    def _finish(self, block: Block, command: tuple[str, ...]) -> str:
        """Run to the end; what was printed on standard output."""
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment(), capture_output=True, text=True, timeout=DEADLINE_S
        )
        if (done.returncode != 0) != ("fails" in block.options):
            raise ValueError(f"exit code {done.returncode}\n{command[-1]}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if "fails" in block.options else "")

    def _serve(self, command: str) -> None:
        """Start a server as it is said, on a free port, and stop it when it listens."""
        text = re.sub(r"--port[ =]\d+|\s#\s.*", "", command)
        process, _ = self._started(("bash", "-c", f"exec {text} --port 0"))
        _stop(process)

    def _started(self, command: tuple[str, ...]) -> tuple[subprocess.Popen[str], str]:
        log = self._folder / "server.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._paths() | {"LIVEKIT_RTC_UDP_PORT": "0"},
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + DEADLINE_S
        while process.poll() is None and time.monotonic() < deadline:
            if found := _LISTENS.search(log.read_text(encoding="utf-8")):
                return process, found[1]
            time.sleep(0.05)
        _stop(process)
        raise ValueError(f"{command[-1]} does not listen\n{log.read_text(encoding='utf-8')}")

    def _environment(self) -> dict[str, str]:
        [(key, secret)] = DEV_KEYS.items()
        url = f"http://{self._server_address()}"
        return self._paths() | {"LIVEKIT_URL": url, "LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}

    def _paths(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return kept | {"PATH": path, "XDG_STATE_HOME": str(self._folder / "state")}

    def _here(self, text: str) -> str:
        """The text, with the document's server for the one that it names."""
        return text.replace(ADDRESS, self._server_address()) if ADDRESS in text else text

    def _server_address(self) -> str:
        if self._server is None:
            command = (sys.executable, "-m", "roomwright", "--dev", "--port", "0", *self._flags)
            self._server, self._address = self._started(command)
        return self._address

    def close(self) -> None:
        """Stop the server."""
        server, self._server = self._server, None
        if server is not None:
            _stop(server)


def _check_taken(test: Path) -> None:
    """A file of tests that is said to run a block must at least ask for it."""
    if not test.is_file() or "blocks_for(__file__)" not in test.read_text(encoding="utf-8"):
        raise ValueError(f"{test.relative_to(ROOT)} does not run blocks of documents")


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

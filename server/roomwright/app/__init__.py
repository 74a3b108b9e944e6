"""The composition root: the only place that names concrete backends, clocks and adapters.

`Server` is what runs; each part of it is put together in a module of its own here.
"""

from roomwright.app.media import MEDIA_PORT, media_address
from roomwright.app.pages import admin_link, offers_admin, offers_trial
from roomwright.app.run import run
from roomwright.app.server import Server

__all__ = ["MEDIA_PORT", "Server", "admin_link", "media_address", "offers_admin", "offers_trial", "run"]

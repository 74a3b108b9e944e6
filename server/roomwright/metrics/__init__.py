"""Numbers for those who watch a server, under the names that LiveKit's dashboards know.

Owns what is counted and how it is named; the HTTP port that shows it is in `wire/metrics.py`. Nothing here is done for
each packet: what is carried is read from the media plane's own counters when somebody asks. No number is of one room.
"""

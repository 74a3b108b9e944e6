"""Request targets: what the path is, whether it is clean, and what the query says.

Follows Go's `path.Clean` and `net/http` routing, because clients of the reference rely on what these accept.
"""

from urllib.parse import parse_qs, unquote, urlsplit


def split_target(target: str) -> tuple[str, str]:
    """The path and query of a request target; a full URL loses its scheme and host; one leading slash of two goes."""
    if not target.startswith("/"):
        target = _without_host(target)
    path, _, query = target.partition("?")
    if path.startswith("//"):
        path = path[1:]
    return path, query


def _without_host(target: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError:
        return target
    if not parts.scheme or not parts.netloc:
        return target
    return f"{parts.path or '/'}?{parts.query}"


def clean(path: str) -> str:
    """`path` without empty, `.` and `..` segments; a final slash stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + tail


def decoded(path: str) -> str:
    """`path` with its percent escapes resolved; an escaped slash stays escaped, so that it separates nothing."""
    return "/".join(unquote(segment).replace("/", "%2F") for segment in path.split("/"))


def query_value(query: str, name: str) -> str:
    """The first value of `name` in a query string or an urlencoded form, or ""."""
    if name not in query:
        return ""
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=1000).get(name, [""])[0]
    except ValueError:
        return ""

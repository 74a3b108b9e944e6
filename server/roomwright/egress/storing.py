"""What can be known of a storage when it is asked for. The server's side; nothing is stored here.

Object storage is not asked: that is the recorder's, at its start. What its client could not send is refused here, by
name: it would panic at the end of the recording.
"""

import base64
import dataclasses
import ipaddress
import json
import os
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_WRITE = os.W_OK | os.X_OK
_MOST_TAGS: Final = 10
"""Amazon's limit."""
_LONGEST: Final = 8_192
"""Characters of any text; session tokens have some thousand."""

_BUCKET: Final = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._$-]{0,254}")
_LABEL: Final = re.compile(r"[A-Za-z0-9-]{1,63}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "bucket": _BUCKET,
    "container_name": _BUCKET,
    "region": _LABEL,
    "account_name": _LABEL,
}
"""What these fields look like: they become parts of URLs and headers."""
_ACCOUNT: Final = ("client_email", "private_key", "private_key_id")
"""What the key of a Google service account has at least."""
_NEEDED: Final[Mapping[type[Any], tuple[str, ...]]] = {
    pb.S3Upload: ("bucket",),
    pb.GcpUpload: ("bucket",),
    pb.AzureBlobUpload: ("account_name", "account_key", "container_name"),
}


def refusal(storage: v1.Storage) -> str:
    """Why nothing can be stored there, or nothing. Looks at directories, and creates none. Says no value."""
    match storage:
        case v1.Storage(directory=str() as directory):
            return _directory_refusal(Path(directory))
        case v1.Storage(s3=pb.S3Upload() as upload):
            return _first("s3", upload, _of_s3(upload))
        case v1.Storage(gcp=pb.GcpUpload() as upload):
            return _first("gcp", upload, _of_gcp(upload))
        case v1.Storage(azure=pb.AzureBlobUpload() as upload):
            return _first("azure", upload, _of_azure(upload))
        case _:
            return ""


def is_address(host: str) -> bool:
    """Whether a host is an IP address, or this machine; such hosts have no buckets before their name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _directory_refusal(directory: Path) -> str:
    there = directory.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{directory} cannot be a directory: {there} is a file"
    if not os.access(there, _WRITE):
        return f"{directory} is not writable"
    return ""


def _first(name: str, upload: Any, more: Iterator[str]) -> str:
    why = next(chain(_of_any(upload), more), "")
    return f"{name}: {why}" if why else ""


def _of_any(upload: Any) -> Iterator[str]:
    for name in _NEEDED[type(upload)]:
        if not getattr(upload, name):
            yield f"{name} is missing"
    yield from _of_texts(upload)
    proxy: pb.ProxyConfig | None = getattr(upload, "proxy", None)
    if proxy is not None:
        yield from (f"proxy.{why}" for why in _of_proxy(proxy))


def _of_texts(message: Any) -> Iterator[str]:
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if not isinstance(value, str) or not value or field.name == "credentials":
            continue
        if not value.isprintable() or len(value) > _LONGEST:
            yield f"{field.name} has characters that cannot be printed, or more than {_LONGEST}"
        elif field.name in _FORMS and not _FORMS[field.name].fullmatch(value):
            yield f"{field.name} has characters that such a name cannot have"


def _of_proxy(proxy: pb.ProxyConfig) -> Iterator[str]:
    yield from _of_texts(proxy)
    if proxy != pb.ProxyConfig() and not _is_http(proxy.url):
        yield "url is not an HTTP URL"


def _of_s3(upload: pb.S3Upload) -> Iterator[str]:
    endpoint = upload.endpoint if "://" in upload.endpoint else f"https://{upload.endpoint}"
    if upload.endpoint and not _is_http(endpoint):
        yield "endpoint is not an HTTP URL"
    if bool(upload.access_key) != bool(upload.secret):
        yield f"{'secret' if upload.access_key else 'access_key'} is missing"
    if upload.session_token and not upload.access_key:
        yield "access_key is missing beside session_token"
    for name, value in upload.metadata.items():
        if not _HEADER.fullmatch(name):
            yield "metadata has a name that HTTP headers cannot have"
        elif not value.isprintable() or len(value) > _LONGEST:
            yield f"metadata {name} has characters that cannot be printed, or more than {_LONGEST}"
    yield from _of_tagging(upload.tagging)


def _of_tagging(tagging: str) -> Iterator[str]:
    try:
        names = [name for name, _ in parse_qsl(tagging, keep_blank_values=True, strict_parsing=bool(tagging))]
    except ValueError:
        yield "tagging is not of the form key=value&key=value"
        return
    if len(names) > _MOST_TAGS:
        yield f"tagging has more than {_MOST_TAGS} tags"
    if len(set(names)) < len(names):
        yield "tagging has the same tag twice"


def _of_gcp(upload: pb.GcpUpload) -> Iterator[str]:
    if not upload.credentials:
        return
    try:
        account: object = json.loads(upload.credentials)
    except ValueError:
        account = None
    if not isinstance(account, dict):
        yield "credentials are not the JSON of a service account"
        return
    texts = cast("dict[object, object]", account)
    yield from (f"credentials have no {name}" for name in _ACCOUNT if not isinstance(texts.get(name), str))


def _of_azure(upload: pb.AzureBlobUpload) -> Iterator[str]:
    try:
        base64.b64decode(upload.account_key, validate=True)
    except ValueError:
        yield "account_key is not base64"


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = _HOST.fullmatch(parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")) is not None
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and named

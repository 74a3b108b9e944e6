"""What can be known of a storage when it is asked for. The server's side; nothing is stored here.

Object storage is not asked: that is the recorder's, at its start.
"""

import ipaddress
import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_WRITE = os.W_OK | os.X_OK


def refusal(storage: v1.Storage) -> str:
    """Why nothing can be stored there, or nothing. Looks at directories, and creates none."""
    match storage:
        case v1.Storage(directory=str() as directory):
            return _directory_refusal(Path(directory))
        case v1.Storage(s3=pb.S3Upload() as upload):
            return _s3_refusal(upload)
        case v1.Storage(gcp=pb.GcpUpload(bucket="")):
            return "gcp: bucket is missing"
        case v1.Storage(azure=pb.AzureBlobUpload() as upload):
            return next((f"azure: {name} is missing" for name in _AZURE if not getattr(upload, name)), "")
        case _:
            return ""


_AZURE = ("account_name", "account_key", "container_name")


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


def _s3_refusal(upload: pb.S3Upload) -> str:
    endpoint = upload.endpoint if "://" in upload.endpoint else f"https://{upload.endpoint}"
    if not upload.bucket:
        return "s3: bucket is missing"
    if upload.endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname):
        return "s3: endpoint is not an HTTP URL"
    if bool(upload.access_key) != bool(upload.secret):
        return f"s3: {'secret' if upload.access_key else 'access_key'} is missing"
    try:
        parse_qsl(upload.tagging, strict_parsing=bool(upload.tagging))
    except ValueError:
        return "s3: tagging is not of the form key=value&key=value"
    return ""

"""Where files go: the request's own storage, or the server's."""

from collections.abc import Mapping
from typing import Any

from roomwright.config.egress_settings import ROLES
from roomwright.egress.refusals import invalid, not_here
from roomwright.egress.wish import Upload
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_MEMBERS = ("s3", "gcp", "azure", "ali_oss")
_BUCKETS: Mapping[type[Any], str] = {
    pb.S3Upload: "bucket",
    pb.GcpUpload: "bucket",
    pb.AzureBlobUpload: "container_name",
}


def chosen(holder: Any) -> Upload | None:
    """The storage that an output, or a request's `StorageConfig`, names; None: none."""
    found = (getattr(holder, name, None) for name in _MEMBERS)
    upload = next((one for one in found if one is not None), None)
    if upload is not None:
        _check(upload)
    return upload


def _check(upload: Upload) -> None:
    if isinstance(upload, pb.AliOssUpload):
        raise not_here("storage with AliOSS")
    if not getattr(upload, _BUCKETS[type(upload)]):
        raise invalid(f"{_BUCKETS[type(upload)]} of the storage")
    for name in ROLES:
        if getattr(upload, name, ""):
            raise not_here(f"{name} (storage with S3)")


def planned(upload: Upload | None, default: v1.Storage) -> v1.Storage:
    """What a recorder is told."""
    match upload:
        case pb.S3Upload():
            return v1.Storage(s3=upload, spool=default.spool)
        case pb.GcpUpload():
            return v1.Storage(gcp=upload, spool=default.spool)
        case pb.AzureBlobUpload():
            return v1.Storage(azure=upload, spool=default.spool)
        case _:
            return default

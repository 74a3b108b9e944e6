"""Object storage as the plan names it: an obstore store, and the URLs that results say.

Amazon's and whoever speaks its language, Google's, Azure's.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ...storing import is_address
from ..units import OutputError
from .faults import FAULTS

DEFAULT_REGION: Final = "us-east-1"

TIMEOUT: Final = timedelta(seconds=60)
"""Of one request: a part of 8 MB at 1 Mbit/s."""

_CONNECT: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket or container. `root` is the URL of what is in it."""

    store: ObjectStore = field(repr=False)
    root: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, str] | None = None

    def url(self, path: str) -> str:
        """Where an object is, for people."""
        return f"{self.root}/{quote(path)}"


def place(storage: v1.Storage, retry_for: timedelta) -> Place:
    """The place of a storage that is not a directory. Raises OutputError."""
    try:
        match storage:
            case v1.Storage(s3=pb.S3Upload() as upload):
                return _s3(upload, retry_for)
            case v1.Storage(gcp=pb.GcpUpload() as upload):
                return _gcs(upload, retry_for)
            case v1.Storage(azure=pb.AzureBlobUpload() as upload):
                return _azure(upload, retry_for)
            case _:
                raise OutputError("no storage is given", 400)
    except (*FAULTS, ValueError, TypeError):
        raise OutputError("the storage's credentials or settings cannot be used", 400) from None


def _s3(upload: pb.S3Upload, retry_for: timedelta) -> Place:
    endpoint, root = _s3_urls(upload)
    config: dict[str, Any] = {
        "bucket": upload.bucket,
        "region": upload.region or DEFAULT_REGION,
        "access_key_id": upload.access_key,
        "secret_access_key": upload.secret,
        "session_token": upload.session_token,
        "endpoint": endpoint,
        "virtual_hosted_style_request": bool(endpoint) and upload.bucket in (urlsplit(endpoint).hostname or ""),
    }
    store = S3Store(
        **{key: value for key, value in config.items() if value},
        client_options=_client(upload.proxy, endpoint),
        retry_config=_retry(retry_for),
    )
    attributes = dict(upload.metadata)
    if upload.content_disposition:
        attributes["Content-Disposition"] = upload.content_disposition
    return Place(store, root, attributes, dict(parse_qsl(upload.tagging, keep_blank_values=True)) or None)


def _s3_urls(upload: pb.S3Upload) -> tuple[str, str]:
    """The endpoint as obstore wants it, and the URL of the bucket."""
    if not upload.endpoint:
        return "", f"https://{upload.bucket}.s3.amazonaws.com"
    endpoint = upload.endpoint.rstrip("/")
    if "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    parts = urlsplit(endpoint)
    if upload.force_path_style or is_address(parts.hostname or ""):
        return endpoint, f"{endpoint}/{upload.bucket}"
    hosted = urlunsplit(parts._replace(netloc=f"{upload.bucket}.{parts.netloc}"))
    return hosted, hosted


def _gcs(upload: pb.GcpUpload, retry_for: timedelta) -> Place:
    key: dict[str, Any] = {"service_account_key": upload.credentials} if upload.credentials else {}
    store = GCSStore(
        bucket=upload.bucket, **key, client_options=_client(upload.proxy, ""), retry_config=_retry(retry_for)
    )
    return Place(store, f"https://{upload.bucket}.storage.googleapis.com")


def _azure(upload: pb.AzureBlobUpload, retry_for: timedelta) -> Place:
    store = AzureStore(
        container_name=upload.container_name,
        account_name=upload.account_name,
        account_key=upload.account_key,
        client_options=_client(None, ""),
        retry_config=_retry(retry_for),
    )
    return Place(store, f"https://{upload.account_name}.blob.core.windows.net/{upload.container_name}")


def _client(proxy: pb.ProxyConfig | None, endpoint: str) -> Any:
    options: dict[str, Any] = {"timeout": TIMEOUT, "connect_timeout": _CONNECT}
    if endpoint.startswith("http://"):
        options["allow_http"] = True
    if proxy is not None and proxy.url:
        options["proxy_url"] = _proxy_url(proxy)
    return options


def _proxy_url(proxy: pb.ProxyConfig) -> str:
    parts = urlsplit(proxy.url)
    if not proxy.username:
        return proxy.url
    user = f"{quote(proxy.username, safe='')}:{quote(proxy.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def _retry(retry_for: timedelta) -> Any:
    return {"max_retries": 8, "retry_timeout": retry_for}

"""What object storage's errors mean. Their own texts are never repeated or chained: some contain keys."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from ..units import OutputError

FAULTS: Final = (BaseError, FileNotFoundError)
"""What obstore raises."""

_CODES: Final = {
    **dict.fromkeys(("InvalidAccessKeyId", "XAdminUserNotFound"), ("the access key is unknown", 401)),
    **dict.fromkeys(("SignatureDoesNotMatch", "AuthenticationFailed"), ("the secret does not fit", 401)),
    **dict.fromkeys(("ExpiredToken", "InvalidToken"), ("the session token is not valid or has expired", 401)),
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound"), ("there is no such bucket", 404)),
    **dict.fromkeys(("AccessDenied", "AuthorizationFailure"), ("access is denied", 403)),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
        ("the bucket is in another region", 400),
    ),
    **dict.fromkeys(("QuotaExceeded", "StorageFull", "XMinioStorageFull"), ("there is no space left", 507)),
    "NoSuchKey": ("not found", 404),
    "BlobNotFound": ("not found", 404),
}
_SIGNS: Final = (
    (r"specified bucket does not exist", ("there is no such bucket", 404)),
    (r"operation timed out|deadline has elapsed", ("it did not answer in time", 504)),
    (r"error sending request|[Cc]onnection|dns error", ("it cannot be reached", 503)),
)
_CODE: Final = re.compile(r"<Code>(\w+)</Code>")


@contextmanager
def told(what: str) -> Generator[None]:
    """The same for all that happens within; obstore's panics, which are no `Exception`s, are among it."""
    try:
        yield
    except FAULTS as error:
        raise explained(error, what) from None
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime" and not isinstance(error, ValueError | TypeError):
            raise
        raise OutputError(f"{what}: the storage's client failed", 500) from None


def explained(error: Exception, what: str) -> OutputError:
    """The same in our own words: `what: the access key is unknown`."""
    sentence, code = _meaning(error)
    return OutputError(f"{what}: {sentence}", code)


def unusable(error: Exception, what: str) -> OutputError | None:
    """What a failed attempt to read says of writing: why it cannot work, or None where it may."""
    meaning = _meaning(error)
    may_write = meaning[1] == 403 or meaning == _CODES["NoSuchKey"]
    return None if may_write else explained(error, what)


def _meaning(error: Exception) -> tuple[str, int]:
    text = str(error)
    code = _CODE.search(text)
    if code and code[1] in _CODES:
        return _CODES[code[1]]
    for pattern, meaning in _SIGNS:
        if re.search(pattern, text):
            return meaning
    return _of_kind(error)


def _of_kind(error: Exception) -> tuple[str, int]:
    match error:
        case UnauthenticatedError():
            return "the credentials are refused", 401
        case PermissionDeniedError():
            return "access is denied", 403
        case FileNotFoundError():
            return "not found", 404
        case _:
            return "the storage failed", 502

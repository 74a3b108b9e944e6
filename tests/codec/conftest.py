"""Fixtures of the codec tests."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from roomwright.codec import CodecError
from tests.codec.protobuf_conformance import classes
from tests.support import skip_or_fail


@pytest.fixture(scope="session")
def wellknown(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The conformance suite's message with every kind of field, the well-known types, and a codec for them."""
    folder = tmp_path_factory.mktemp("classes")
    try:
        classes.generate(folder)
    except FileNotFoundError as missing:
        skip_or_fail(f"a tool is missing: {missing}")
    codec, modules = classes.load(folder)
    return SimpleNamespace(
        codec=codec, All=modules["protobuf_test_messages.proto3"].TestAllTypesProto3, google=modules["google.protobuf"]
    )


@pytest.fixture
def refused() -> Callable[..., str]:
    """Call a function that has to raise `CodecError`; gives its text."""

    def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        with pytest.raises(CodecError) as caught:
            function(*arguments, **options)
        return str(caught.value)

    return call

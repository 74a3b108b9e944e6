"""The schema states the same facts as PyPI's livekit-protocol: nothing missing, nothing extra, in the same order."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

FILES = [
    "livekit_agent.proto",
    "livekit_agent_dispatch.proto",
    "livekit_egress.proto",
    "livekit_ingress.proto",
    "livekit_metrics.proto",
    "livekit_models.proto",
    "livekit_room.proto",
    "livekit_rtc.proto",
    "livekit_sip.proto",
    "livekit_webhook.proto",
    "logger/options.proto",
]

# How the reference server words its own log lines (a name, a template). They say nothing to a client or on the wire.
LOG_WORDING = ("logger.name", "logger.redact_format")

KINDS = {
    number: name.removeprefix("TYPE_").lower() for name, number in descriptor_pb2.FieldDescriptorProto.Type.items()
}


def options_of(descriptor) -> list[str]:
    """The options set on a descriptor, without the log wording."""
    set_here = descriptor.GetOptions().ListFields()
    return [f"{option.full_name}={value}" for option, value in set_here if option.full_name not in LOG_WORDING]


def kind_of(field) -> str:
    named = field.message_type or field.enum_type
    if named is None:
        return KINDS[field.type]
    if field.message_type and named.GetOptions().map_entry:
        return f"map<{', '.join(kind_of(part) for part in named.fields)}>"
    return f"{KINDS[field.type]} {named.full_name}"


def field_line(field) -> str:
    label = "repeated " if field.is_repeated else ""
    presence = " presence" if field.has_presence else ""
    # A proto3 `optional` is a oneof of one member whose name starts with an underscore.
    oneof = f" oneof {field.containing_oneof.name}" if field.containing_oneof else ""
    default = f" default {field.default_value!r}" if not field.is_repeated and not field.message_type else ""
    return (
        f"{field.full_name} = {field.number}: {label}{kind_of(field)}, json {field.json_name}"
        f"{oneof}{presence}{default} {options_of(field)}"
    )


def enum_lines(enum):
    yield f"enum {enum.full_name} {options_of(enum)}"
    for value in enum.values:
        yield f"{enum.full_name}.{value.name} = {value.number} {options_of(value)}"


def message_lines(message):
    yield f"message {message.full_name} {options_of(message)}"
    yield from (f"{message.full_name} oneof {oneof.name}" for oneof in message.oneofs)
    yield from (field_line(field) for field in message.fields)
    for enum in message.enum_types:
        yield from enum_lines(enum)
    for nested in message.nested_types:
        yield from message_lines(nested)


def service_lines(service):
    yield f"service {service.full_name} {options_of(service)}"
    for method in service.methods:
        sides = [
            f"{'stream ' if streams else ''}{side.full_name}"
            for side, streams in (
                (method.input_type, method.client_streaming),
                (method.output_type, method.server_streaming),
            )
        ]
        yield f"{method.full_name}({sides[0]}) returns ({sides[1]}) {options_of(method)}"


def file_lines(file):
    yield f"file {file.name} package {file.package} {options_of(file)}"
    yield f"imports {[imported.name for imported in file.dependencies]}"
    yield f"public imports {[imported.name for imported in file.public_dependencies]}"
    for enum in file.enum_types_by_name.values():
        yield from enum_lines(enum)
    for message in file.message_types_by_name.values():
        yield from message_lines(message)
    for extension in file.extensions_by_name.values():
        yield f"extend {extension.containing_type.full_name} {field_line(extension)}"
    for service in file.services_by_name.values():
        yield from service_lines(service)


def without_hints(fields) -> None:
    """Drop json_name, which the wheel leaves to the rule (compared at run time), and the log wording."""
    for field in fields:
        field.ClearField("json_name")
        if not field.HasField("options"):
            continue
        for option, _ in field.options.ListFields():
            if option.full_name in LOG_WORDING:
                field.options.ClearExtension(option)
        if not field.options.ListFields():
            field.ClearField("options")


def normalised(file) -> descriptor_pb2.FileDescriptorProto:
    """The whole file as a message, in declaration order, with what the two sides need not share left out."""
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    without_hints(proto.extension)
    pending = list(proto.message_type)
    while pending:
        message = pending.pop()
        without_hints(message.field)
        pending += message.nested_type
    return proto


@pytest.mark.parametrize("name", FILES)
def test_every_item_is_the_same_item_at_the_same_place(ours, theirs, name):
    """One line per message, field, value and method: a difference is shown by name."""
    assert list(file_lines(ours.FindFileByName(name))) == list(file_lines(theirs.FindFileByName(name)))


@pytest.mark.parametrize("name", FILES)
def test_the_whole_file_descriptor_is_equal(ours, theirs, name):
    """Catches what the lines do not name, such as reserved numbers."""
    assert str(normalised(ours.FindFileByName(name))) == str(normalised(theirs.FindFileByName(name)))


def test_the_files_on_disk_are_the_compared_ones(repository: Path):
    root = repository / "proto" / "livekit"
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.proto")) == FILES


def test_a_difference_of_one_json_name_is_seen(ours):
    """The comparison itself is checked: `aliOSS` in lowerCamelCase would be a different field to a client."""
    lines = list(file_lines(ours.FindFileByName("livekit_egress.proto")))
    assert (
        "livekit.StorageConfig.aliOSS = 4: message livekit.AliOSSUpload, json aliOSS oneof provider presence []"
        in lines
    )

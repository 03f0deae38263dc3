"""Whether Topics/openapi.yaml and Topics/asyncapi.yaml say what the .proto files and topics.yaml say.

usage: Descriptions.py TOPICS

The messages are read from events.schema.json, which Topics/generate makes of the .proto files. Prints a line for whatever
does not agree; the exit status is 1 if there is any. Needs PyYAML and jsonschema.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

TOPICS = pathlib.Path(sys.argv[1])
MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# What the HTTP API answers or takes as it is on a topic.
OVER_HTTP = {
    "Note", "NoteProfile", "Hashtag", "RecommendationList", "RecommendedNote", "TrendingNote", "DeadLetter"}
wrong = []


def read(name):
    text = (TOPICS / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


events, layout = read("events.schema.json"), read("topics.yaml")
openapi, asyncapi = read("openapi.yaml"), read("asyncapi.yaml")
messages = events["definitions"]
files = {"openapi.yaml": openapi, "asyncapi.yaml": asyncapi, "events.schema.json": events}


def expect(holds, what):
    if not holds:
        wrong.append(what)


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def resolve(reference, home):
    """What a reference of a document points to, and in which document it stands."""
    file, pointer = reference.split("#", 1)
    place = files[file or home]
    for part in pointer.strip("/").split("/"):
        place = place[part.replace("~1", "/").replace("~0", "~")]
    return place, file or home


def inlined(node, home):
    """A schema without references; none here is recursive."""
    if isinstance(node, list):
        return [inlined(entry, home) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = {**inlined(*resolve(node["$ref"], home)), **{key: node[key] for key in node if key != "$ref"}}
    return {key: inlined(value, home) for key, value in node.items()}


def types(schema):
    """The JSON types that a field may have, null aside."""
    if "anyOf" in schema:
        return set().union(*(types(one) for one in schema["anyOf"]))
    named = schema.get("type", [])
    return set([named] if isinstance(named, str) else named) - {"null"}


def check_references():
    for home, document in (("openapi.yaml", openapi), ("asyncapi.yaml", asyncapi)):
        try:
            inlined(document, home)
        except KeyError as error:
            expect(False, f"{home}: a reference leads nowhere: {error}")


def check_openapi():
    records = {}
    for name, schema in openapi["components"]["schemas"].items():
        if "x-record" in schema:
            records[schema["x-record"]] = name
            fields = messages[schema["x-record"]]["properties"]
            own = set(schema["properties"]) - set(schema.get("x-beyond-record", []))
            expect(own == set(fields), f"openapi.yaml: {name} differs from its record in {sorted(own ^ set(fields))}")
            for field in own & set(fields):
                described, sent = types(inlined(schema["properties"][field], "openapi.yaml")), types(fields[field])
                # Over HTTP 64-bit integers are numbers.
                expect(described <= sent, f"openapi.yaml: {name}.{field} is {described}, the record has {sent}")
    expect(set(records) == OVER_HTTP, f"openapi.yaml: records described are {sorted(records)}")
    for name, schema in openapi["components"]["schemas"].items():
        for example in schema.get("examples", []):
            check_example(f"openapi.yaml: {name}", inlined(schema, "openapi.yaml"), example)


def check_example(where, schema, example):
    checker = jsonschema.FormatChecker()
    for error in jsonschema.Draft202012Validator(schema, format_checker=checker).iter_errors(example):
        expect(False, f"{where}: its example: {error.message}")


def milliseconds(text):
    number, unit = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", text).groups()
    return int(number) * MILLISECONDS[unit]


def check_channels():
    addresses = {channel["address"]: channel for channel in asyncapi["channels"].values()}
    expect(set(addresses) == set(layout["topics"]), f"asyncapi.yaml: its channels are {sorted(addresses)}")
    for name, topic in layout["topics"].items():
        binding = addresses.get(name, {}).get("bindings", {}).get("kafka", {})
        said = {"cleanup.policy": [topic["cleanup"]], **topic.get("config", {})}
        if "retention" in topic:
            said["retention.ms"] = -1 if topic["retention"] == "forever" else milliseconds(topic["retention"])
        if "tombstones" in topic:
            said["delete.retention.ms"] = milliseconds(topic["tombstones"])
        expect(binding.get("topicConfiguration") == said, f"asyncapi.yaml: {name} is laid out as {said} in topics.yaml")
        expect(binding.get("partitions") == topic["partitions"], f"asyncapi.yaml: {name}: partitions")
        expect(binding.get("replicas") == layout["replication"], f"asyncapi.yaml: {name}: replicas")


def check_messages():
    used = {"DeadLetter"}  # travels in headers
    for name, message in asyncapi["components"]["messages"].items():
        used.update(re.findall(r"#/definitions/(\w+)", json.dumps(message)))
        for example in message.get("examples", []):
            payload = inlined(message["payload"], "asyncapi.yaml")
            check_example(f"asyncapi.yaml: {name}", payload, example["payload"])
            unknown = set(example["payload"]) - set(payload["properties"])
            expect(not unknown, f"asyncapi.yaml: {name}: its example has {sorted(unknown)}, which the message has not")
    used.update(re.findall(r"#/definitions/(\w+)", json.dumps([messages[name] for name in used if name in messages])))
    expect(used == set(messages), f"asyncapi.yaml: messages missing or unknown: {sorted(used ^ set(messages))}")
    letter = set(asyncapi["components"]["messages"]["letter"]["headers"]["properties"]) - {"dead-letter-value-left-out"}
    fields = {"dead-letter-" + snake(field).replace("_", "-") for field in messages["DeadLetter"]["properties"]}
    expect(letter == fields, f"asyncapi.yaml: headers of a dead letter differ in {sorted(letter ^ fields)}")


check_references()
if not wrong:
    check_openapi()
    check_channels()
    check_messages()
print("\n".join(wrong))
sys.exit(1 if wrong else 0)

"""Whether a running service answers as its own /openapi.yaml says.

usage: OpenAPI.py --url URL --token FILE --note ID... --user ID [--only OPERATION...]

Takes the document from the service, generates requests of all kinds from it with schemathesis (seeded, so a second run sends
the same), and holds the answers against it: status codes, content types, headers, bodies, methods, tokens. Fields of answers
that the document does not have count as wrong, which the document itself, made for clients, does not say. Every operation
must have been answered with 2xx at least once. /v1/stream has no end and is read by hand.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import jsonschema
import yaml

# Not among the checks: requests that fit the schema may still be refused (times far ahead, a note of blanks alone).
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
    "ignored_auth"]


def get(given, path, **headers):
    request = urllib.request.Request(given.url + path, headers=headers)
    return urllib.request.urlopen(request, timeout=30)


def close(schema):
    """No other properties than those that are named."""
    if isinstance(schema, dict):
        if "properties" in schema and "anyOf" not in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def prepare(document, given):
    """Makes answers strict, and lets requests ask for what is there as often as for what is not."""
    requests = {
        content["schema"].get("$ref", "").rsplit("/", 1)[-1]
        for path in document["paths"].values() for operation in path.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()}
    for name, schema in document["components"]["schemas"].items():
        if name not in requests:
            close(schema)
    close(document["paths"])
    document["components"]["parameters"]["NoteID"]["schema"] = known(given.note)
    for parameter in document["paths"]["/v1/users/{id}/recommended"]["get"]["parameters"]:
        if parameter["name"] == "id":
            parameter["schema"] = known([given.user])
            parameter["example"] = given.user
    document["components"]["parameters"]["NoteID"]["example"] = given.note[0]
    return document


def known(values):
    return {"anyOf": [{"enum": values}, {"type": "string", "minLength": 1, "maxLength": 512}]}


def operations(document, given):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] != "stream" and operation["operationId"] in (given.only or [operation["operationId"]]):
                yield method.upper(), path, operation["operationId"]


def schemathesis(document, given, token, folder):
    """Runs it; its exit status, and the statuses seen by operation."""
    described, traffic = folder / "openapi.json", folder / "traffic.har"
    described.write_text(json.dumps(document), encoding="utf-8")
    names = [name for _, _, name in operations(document, given)]
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "run", described, "--url", given.url, "--seed", "7",
        "--generation-database", "none", "--max-examples", "12", "--no-color",
        "--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--continue-on-failure",
        "--max-redirects", "0", "--request-timeout", "10", "--workers", "2", "--warnings", "off",
        "--suppress-health-check", "all", "--header", f"Authorization: Bearer {token}", "--report", "har",
        "--report-har-path", traffic]
    for name in names:
        command += ["--include-operation-id", name]
    finished = subprocess.run(command, check=False, cwd=folder)
    statuses = collections.defaultdict(collections.Counter)
    for entry in json.loads(traffic.read_text(encoding="utf-8"))["log"]["entries"]:
        path = entry["request"]["url"].removeprefix(given.url).split("?")[0]
        for method, template, name in operations(document, given):
            if method == entry["request"]["method"] and fits(path, template):
                statuses[name][entry["response"]["status"]] += 1
                break
    return finished.returncode, {name: statuses[name] for name in names}


def fits(path, template):
    parts, wanted = path.split("/"), template.split("/")
    return len(parts) == len(wanted) and all(want.startswith("{") or want == part for want, part in zip(wanted, parts))


def check_stream(document, given, token):
    """The first event of the table, by the schema of its name."""
    schemas = document["paths"]["/v1/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"]["x-events"]
    with get(given, "/v1/stream?from=beginning", Authorization=f"Bearer {token}") as stream:
        assert stream.headers.get_content_type() == "text/event-stream", stream.headers
        fields = {}
        for line in stream:
            text = line.decode().rstrip("\r\n")
            name, _, value = text.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif not text and "data" in fields:
                break
    schema = {**schemas[fields["event"]], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(fields["data"]))
    position = document["components"]["schemas"]["StreamPosition"]
    jsonschema.Draft202012Validator(position).validate(fields["id"])
    print(f"stream: {fields['event']} {fields['id']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--note", required=True, action="append")
    parser.add_argument("--user", required=True)
    parser.add_argument("--only", action="append")
    given = parser.parse_args()
    token = pathlib.Path(given.token).read_text(encoding="utf-8").strip()
    with get(given, "/openapi.yaml") as answer:
        assert answer.headers.get_content_type() == "application/yaml", answer.headers
        document = prepare(yaml.safe_load(answer), given)
    with tempfile.TemporaryDirectory() as folder:
        status, seen = schemathesis(document, given, token, pathlib.Path(folder))
    for name, statuses in seen.items():
        print(f"{name}: {dict(sorted(statuses.items()))}")
    missing = [name for name, statuses in seen.items() if not any(200 <= code < 300 for code in statuses)]
    if missing:
        sys.exit(f"never answered with 2xx: {', '.join(missing)}")
    if not given.only:
        check_stream(document, given, token)
    sys.exit(status)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Keeps a table of related notes from `GET /v1/stream` of `notestream run`, with Python's standard library alone.

Prints `+  note  related note ...` for a list, best first, and `-  note` for a note that is gone. When the service restarts
or the network breaks, the stream is taken up where it was left, by the id of the last event; after a long absence the
service sends `reset` and the whole table anew. The variable NOTESTREAM_TOKEN holds the token, where one is wanted.

    Ops/examples/stream.py --note dry-hopping --note citra      # these notes only; without: all
"""
import argparse
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def events(stream):
    """The events of a stream, each (name, id, data). Their data is one line; comments only show that the stream lives."""
    fields = {}
    for line in stream:
        text = line.decode().rstrip("\r\n")
        name, _, value = text.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not text:  # an empty line ends an event; one without data only moves the position on
            yield fields.get("event"), fields.get("id"), json.loads(fields.get("data", "null"))
            fields = {}


def apply(name, data, table):
    """Puts an event into the table and prints what has changed."""
    if name == "list":
        items = data["list"].get("items", [])
        table[data["note"]] = items
        print("\t".join(["+", data["note"], *(item["note"] for item in items)]), flush=True)
    elif name == "deleted" and table.pop(data["note"], None) is not None:
        print(f"-\t{data['note']}", flush=True)
    elif name == "reset":
        table.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the service (default: %(default)s)")
    parser.add_argument("--note", action="append", default=[], metavar="ID", help="only this note; may be repeated")
    given = parser.parse_args()
    query = urllib.parse.urlencode([("from", "beginning"), *(("note", note) for note in given.note)])
    token = os.environ.get("NOTESTREAM_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    table, pause = {}, 1
    while True:
        request = urllib.request.Request(f"{given.url}/v1/stream?{query}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=45) as stream:  # three comments missed: it is dead
                pause = 1
                for name, identifier, data in events(stream):
                    apply(name, data, table)
                    if identifier:
                        headers["Last-Event-ID"] = identifier
        except urllib.error.HTTPError as error:
            if error.code < 500:
                sys.exit(f"stream.py: {error}: {error.read().decode()}")
            pause = int(error.headers.get("Retry-After", pause))
        except (OSError, http.client.HTTPException) as error:
            print(f"{error}; again in {pause} s", file=sys.stderr)
        time.sleep(pause)
        pause = min(30, 2 * pause)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass

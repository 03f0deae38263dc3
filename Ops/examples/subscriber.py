#!/usr/bin/env python3
"""Keeps a table of every note's related notes in SQLite, from the topic note-recommendations.

This is what any service does that shows related notes: it never asks notestream, it has the lists. The topic is compacted:
the last record of each note is its list, and a record without a value (a tombstone) means that the note is gone. So reading
from the beginning gives the whole table, and reading on keeps it.

Rows and offsets are written in one SQLite transaction. A crash takes back both or neither: nothing is lost, nothing is
applied twice. It prints a line for each change, of what is committed:

    +  note  related note  related note ...      the note's list in force, best first
    -  note                                      the note is gone

Try it beside `Ops/demo`, which prints where its broker listens:

    pip install confluent-kafka
    Ops/examples/subscriber.py --bootstrap-servers 127.0.0.1:19092 --table lists.db
    sqlite3 lists.db "select note, json_extract(list, '$.items[0].note') from lists limit 5"
"""
import argparse
import json
import sqlite3
import sys
import time

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

SCHEMA = """
create table if not exists lists (note text primary key, version text not null, list text not null);
create table if not exists offsets (
    part integer primary key, next integer not null, records integer not null, read_at real not null);
"""


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-servers", default="127.0.0.1:9092", metavar="HOST:PORT")
    parser.add_argument("--topic", default="note-recommendations", help="with its prefix, where there is one")
    parser.add_argument("--table", default="lists.db", metavar="FILE", help="the SQLite file (default: lists.db)")
    parser.add_argument("--once", action="store_true", help="end when every partition has been read to its end")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="a setting of librdkafka, such as security.protocol=SASL_SSL; may be repeated")
    parser.add_argument(
        "--tombstones", type=float, default=7, metavar="DAYS",
        help="how long the topic keeps deletions (delete.retention.ms); a table that was not written for half of that "
        "may have missed one and is made anew (default: 7)")
    return parser.parse_args()


class Table:
    """The lists, and up to where the topic has been read into them."""

    def __init__(self, path):
        self.rows = sqlite3.connect(path)
        self.rows.executescript(SCHEMA)

    def starts(self, partitions, tombstone_days):
        """Where to go on reading in each partition; None where from is the beginning."""
        oldest = time.time() - tombstone_days / 2 * 86_400
        if self.rows.execute("select count(*) from offsets where read_at < ?", [oldest]).fetchone()[0]:
            print("not read for too long, deletions may be missing: made anew", file=sys.stderr)
            self.empty()
        known = dict(self.rows.execute("select part, next from offsets"))
        return {part: known.get(part) for part in partitions}

    def empty(self):
        with self.rows:
            self.rows.execute("delete from lists")
            self.rows.execute("delete from offsets")

    def apply(self, messages):
        """Puts records in, all or none, and returns the lines that tell of them."""
        lines = []
        with self.rows:  # one transaction: committed at its end, taken back where anything is thrown
            for message in messages:
                lines += self.change(message.key().decode(), message.value())
                self.rows.execute(
                    "insert into offsets values (?, ?, 1, ?) on conflict (part) do update set"
                    " next = excluded.next, records = records + 1, read_at = excluded.read_at",
                    [message.partition(), message.offset() + 1, time.time()])
        return lines

    def change(self, note, value):
        if value is None:
            gone = self.rows.execute("delete from lists where note = ?", [note]).rowcount
            return [f"-\t{note}"] if gone else []
        record = json.loads(value)
        self.rows.execute(
            "insert or replace into lists values (?, ?, ?)", [note, record["version"], value.decode()])
        return ["\t".join(["+", note, *(item["note"] for item in record.get("items", []))])]


def follow(consumer, topic, partitions, table, given):
    """Reads from where the table stands, for ever or to the end."""

    def start():
        beginning = -2  # librdkafka's OFFSET_BEGINNING
        starts = table.starts(partitions, given.tombstones)
        consumer.assign([TopicPartition(topic, part, beginning if at is None else at) for part, at in starts.items()])

    start()
    at_end = set()
    while not (given.once and at_end >= partitions):
        records = []
        for message in consumer.consume(500, timeout=0.5):
            error = message.error()
            if error is None:
                records.append(message)
                at_end.discard(message.partition())
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end.add(message.partition())
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # it was read further than it is long: another topic
                print(f"{error}: made anew", file=sys.stderr)
                table.empty()
                start()
                records = []
                break
            elif error.fatal() or not error.retriable():
                sys.exit(f"subscriber.py: {error}")
        for line in table.apply(records):
            print(line, flush=True)


def main():
    given = options()
    client = {"bootstrap.servers": given.bootstrap_servers, **dict(pair.split("=", 1) for pair in given.set)}
    found = AdminClient(client).list_topics(given.topic, timeout=10).topics[given.topic]
    if found.error:
        sys.exit(f"subscriber.py: {given.topic}: {found.error}")
    consumer = Consumer({
        **client,
        "group.id": "subscriber",  # wanted by the client; offsets are in the table, none are committed
        "enable.auto.commit": False,
        "isolation.level": "read_committed",  # records of transactions that were aborted are never seen
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
    })
    try:
        follow(consumer, given.topic, set(found.partitions), Table(given.table), given)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


if __name__ == "__main__":
    main()

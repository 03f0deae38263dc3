"""Google's own protobuf as an oracle of Sources/Schemas: reads messages, writes them back.

usage: ProtobufOracle.py DESCRIPTORS INPUT > lines

A line of input is `message json binary`, the last two in base64: the same message, written by Swift in both forms.
A line of output is `json binary` in base64, written by Python, or the word `differ` and why the forms are not the same.
"""
import base64
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

pool = descriptor_pool.DescriptorPool()
with open(sys.argv[1], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
factory = message_factory.MessageFactory(pool)
for line in open(sys.argv[2], encoding="ascii"):
    name, text, binary = line.rstrip("\n").split(" ")
    message_class = factory.GetPrototype(pool.FindMessageTypeByName(f"notestream.v1.{name}"))
    from_binary = message_class.FromString(base64.b64decode(binary))
    from_json = json_format.Parse(base64.b64decode(text).decode("utf-8"), message_class())
    if from_binary != from_json:
        print("differ", repr(from_binary), "|", repr(from_json))
        continue
    written = json_format.MessageToJson(from_binary, indent=None).encode("utf-8")
    out = from_binary.SerializeToString(deterministic=True)
    print(base64.b64encode(written).decode(), base64.b64encode(out).decode())

"""Google's own protobuf as an oracle of Sources/Schemas: reads messages and writes them back.

usage: ProtobufOracle.py DESCRIPTORS INPUT > lines

A line of input is `message form bytes`: the form is json or protobuf, the bytes are in base64. A line of output is
`json protobuf`, the message as Python writes it in both forms, in base64; or `refused` and why.
"""
import base64
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message, message_factory

pool = descriptor_pool.DescriptorPool()
with open(sys.argv[1], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
factory = message_factory.MessageFactory(pool)


def read(name, form, data):
    message_class = factory.GetPrototype(pool.FindMessageTypeByName(f"notestream.v1.{name}"))
    if form == "protobuf":
        return message_class.FromString(data)
    return json_format.Parse(data.decode("utf-8"), message_class(), ignore_unknown_fields=True)


with open(sys.argv[2], encoding="ascii") as lines:
    for line in lines:
        name, form, text = line.rstrip("\n").split(" ")
        try:
            read_back = read(name, form, base64.b64decode(text))
        except (message.DecodeError, json_format.ParseError, ValueError) as error:
            print("refused", repr(str(error)))
            continue
        read_back.DiscardUnknownFields()
        json = json_format.MessageToJson(read_back, indent=None).encode("utf-8")
        binary = read_back.SerializeToString(deterministic=True)
        print(base64.b64encode(json).decode(), base64.b64encode(binary).decode())

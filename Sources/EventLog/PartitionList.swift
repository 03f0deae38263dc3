import CRdKafka
import Glibc

/// librdkafka's list of partitions with offsets, owned.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 0) { pointer = rd_kafka_topic_partition_list_new(Int32(capacity)) }

    init(_ partitions: some Collection<TopicPartition>) {
        self.init(capacity: partitions.count)
        for partition in partitions { add(partition) }
    }

    /// Takes over a list that librdkafka made.
    init(consuming pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.pointer = pointer }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// An empty metadata string is sent as none: the broker answers both with an empty one.
    func add(_ place: TopicPartition, offset: Int64 = Int64(RD_KAFKA_OFFSET_INVALID), metadata: String = "") {
        guard let element = rd_kafka_topic_partition_list_add(pointer, place.topic, place.partition) else { return }
        element.pointee.offset = offset
        guard !metadata.isEmpty else { return }
        var text = metadata
        text.withUTF8 { bytes in
            // The list frees it with free(3).
            guard let copy = malloc(bytes.count), let base = bytes.baseAddress else { return }
            copy.copyMemory(from: base, byteCount: bytes.count)
            element.pointee.metadata = copy
            element.pointee.metadata_size = bytes.count
        }
    }

    var count: Int { Int(pointer.pointee.cnt) }

    var partitions: [TopicPartition] { Self.partitions(of: pointer) }

    func offset(_ index: Int) -> Int64 { pointer.pointee.elems[index].offset }

    /// What a broker answered for one partition.
    func committed(_ index: Int) -> CommittedOffset? {
        let element = pointer.pointee.elems[index]
        guard element.offset >= 0 else { return nil }
        let metadata = UnsafeRawBufferPointer(start: element.metadata, count: element.metadata_size)
        return CommittedOffset(offset: element.offset, metadata: String(decoding: metadata, as: UTF8.self))
    }

    /// The first partition that has an error of its own.
    var firstError: (place: TopicPartition?, code: rd_kafka_resp_err_t)? {
        for (index, place) in partitions.enumerated() where pointer.pointee.elems[index].err.rawValue != 0 {
            return (place, pointer.pointee.elems[index].err)
        }
        return nil
    }

    static func partitions(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartition] {
        (0..<Int(list.pointee.cnt)).map { index in
            TopicPartition(String(cString: list.pointee.elems[index].topic), list.pointee.elems[index].partition)
        }
    }
}

extension StartOffset {
    /// librdkafka's number.
    var raw: Int64 {
        switch self {
        case .offset(let offset): offset
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .committed: Int64(RD_KAFKA_OFFSET_STORED)
        }
    }
}

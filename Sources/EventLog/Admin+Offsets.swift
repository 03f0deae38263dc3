import CRdKafka
import Glibc

extension Admin {
    /// The oldest and the next offset of each of a topic's partitions.
    public func watermarks(
        ofTopic topic: String, partitions: Int32, timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> [TopicPartition: Watermarks] {
        let deadline = Deadline(timeout)
        var answer: [TopicPartition: Watermarks] = [:]
        for partition in 0..<partitions {
            let place = TopicPartition(topic, partition)
            answer[place] = try client.watermarks(place, timeout: .milliseconds(deadline.milliseconds))
        }
        return answer
    }

    /// Everything a group has committed; empty for a group nobody knows. Asks again while the group's coordinator comes up,
    /// as it does for a moment after a broker has started.
    public func groupOffsets(
        _ group: String, timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> [TopicPartition: CommittedOffset] {
        let deadline = Deadline(timeout)
        while true {
            do {
                return try askForGroupOffsets(group, timeout: .milliseconds(deadline.milliseconds))
            } catch {
                let mayPass = EventLogError.coordinatorComesUp.contains(error.response)
                guard mayPass, !deadline.hasPassed else { throw error }
                usleep(20_000)
            }
        }
    }

    private func askForGroupOffsets(
        _ group: String, timeout: Duration
    ) throws(EventLogError) -> [TopicPartition: CommittedOffset] {
        var request = rd_kafka_ListConsumerGroupOffsets_new(group, nil)
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
        return try perform(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout: timeout) { options, queue in
            rd_kafka_ListConsumerGroupOffsets(client.handle, &request, 1, options, queue)
        } read: { event throws(EventLogError) in
            var count = 0
            let results = rd_kafka_ListConsumerGroupOffsets_result_groups(
                rd_kafka_event_ListConsumerGroupOffsets_result(event), &count)
            guard count == 1, let result = results?[0] else { return [:] }
            if let error = rd_kafka_group_result_error(result) {
                throw client.error(rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
            }
            guard let partitions = rd_kafka_group_result_partitions(result) else { return [:] }
            // The list belongs to the event; a copy is ours.
            let list = PartitionList(consuming: rd_kafka_topic_partition_list_copy(partitions))
            var answer: [TopicPartition: CommittedOffset] = [:]
            for (index, place) in list.partitions.enumerated() { answer[place] = list.committed(index) }
            return answer
        }
    }

    /// Deletes the records before an offset, for each partition given.
    public func deleteRecords(
        before offsets: [TopicPartition: Int64], timeout: Duration = .seconds(30)
    ) throws(EventLogError) {
        guard !offsets.isEmpty else { return }
        let list = PartitionList(capacity: offsets.count)
        for (place, offset) in offsets.sorted(by: { $0.key < $1.key }) { list.add(place, offset: offset) }
        var request = rd_kafka_DeleteRecords_new(list.pointer)
        defer { rd_kafka_DeleteRecords_destroy(request) }
        try perform(RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout: timeout) { options, queue in
            rd_kafka_DeleteRecords(client.handle, &request, 1, options, queue)
        } read: { event throws(EventLogError) in
            guard
                let offsets = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)),
                case let list = PartitionList(consuming: rd_kafka_topic_partition_list_copy(offsets)),
                let failed = list.firstError
            else { return }
            throw client.error(failed.code, at: failed.place)
        }
    }
}

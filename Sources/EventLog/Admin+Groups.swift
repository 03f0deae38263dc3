import CRdKafka
import Glibc

/// A member of a consumer group, as its coordinator knows it.
public struct GroupMember: Hashable, Sendable {
    /// What the member calls itself: its setting `client.id`.
    public let clientID: String
    /// The name it keeps over restarts; nil where it has none.
    public let instanceID: String?
    /// The partitions it was given.
    public let partitions: Set<TopicPartition>

    /// A member from its parts.
    public init(clientID: String, instanceID: String?, partitions: Set<TopicPartition>) {
        self.clientID = clientID
        self.instanceID = instanceID
        self.partitions = partitions
    }
}

extension Admin {
    /// Who is in a group, and what each has been given; empty for a group nobody knows, and while it is being rebalanced
    /// members may have nothing.
    public func members(
        ofGroup group: String, timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> [GroupMember] {
        let copy = strdup(group)
        defer { free(copy) }
        var name = UnsafePointer(copy)
        return try perform(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout: timeout) { options, queue in
            rd_kafka_DescribeConsumerGroups(client.handle, &name, 1, options, queue)
        } read: { event throws(EventLogError) in
            var count = 0
            let groups = rd_kafka_DescribeConsumerGroups_result_groups(
                rd_kafka_event_DescribeConsumerGroups_result(event), &count)
            guard count == 1, let description = groups?[0] else { return [] }
            if let error = rd_kafka_ConsumerGroupDescription_error(description) {
                throw client.error(rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
            }
            return (0..<rd_kafka_ConsumerGroupDescription_member_count(description)).compactMap {
                rd_kafka_ConsumerGroupDescription_member(description, $0).map(GroupMember.init)
            }
        }
    }
}

extension GroupMember {
    fileprivate init(_ member: OpaquePointer) {
        let given = rd_kafka_MemberDescription_assignment(member).flatMap { rd_kafka_MemberAssignment_partitions($0) }
        self.init(
            clientID: rd_kafka_MemberDescription_client_id(member).map { String(cString: $0) } ?? "",
            instanceID: rd_kafka_MemberDescription_group_instance_id(member).map { String(cString: $0) },
            // The list belongs to the description; a copy is ours.
            partitions: given.map { Set(PartitionList(consuming: rd_kafka_topic_partition_list_copy($0)).partitions) }
                ?? [])
    }
}

import CRdKafka
import Glibc

extension Admin {
    /// Every topic there is, by name; Kafka's own internal ones are left out.
    public func topics(timeout: Duration = .seconds(10)) throws(EventLogError) -> [String: TopicDescription] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try client.check(rd_kafka_metadata(client.handle, 1, nil, &metadata, timeout.milliseconds))
        guard let metadata else { return [:] }
        defer { rd_kafka_metadata_destroy(metadata) }
        var answer: [String: TopicDescription] = [:]
        for index in 0..<Int(metadata.pointee.topic_cnt) {
            let topic = metadata.pointee.topics[index]
            let name = String(cString: topic.topic)
            guard !name.hasPrefix("__"), topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            let partitions = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt))
            answer[name] = TopicDescription(
                name: name, partitions: topic.partition_cnt,
                replication: partitions.map { Int($0.replica_cnt) }.max() ?? 0)
        }
        return answer
    }

    /// Makes topics and waits until each has a leader for all its partitions.
    ///
    /// - Throws: the first failure in the order given (`isTopicAlreadyThere` among them); the others were made.
    public func createTopics(_ topics: [NewTopic], timeout: Duration = .seconds(30)) throws(EventLogError) {
        guard !topics.isEmpty else { return }
        let deadline = Deadline(timeout)
        var requests: [OpaquePointer?] = []
        defer { requests.forEach { rd_kafka_NewTopic_destroy($0) } }
        for topic in topics {
            var why = [CChar](repeating: 0, count: 512)
            guard
                let request = rd_kafka_NewTopic_new(
                    topic.name, topic.partitions, topic.replication ?? -1, &why, why.count)
            else {
                throw EventLogError(
                    RD_KAFKA_RESP_ERR__INVALID_ARG, "topic \(topic.name): " + String(fromBuffer: why))
            }
            requests.append(request)
            for (name, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
                try client.check(rd_kafka_NewTopic_set_config(request, name, value))
            }
        }
        let failures = try perform(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout: timeout) { options, queue in
            rd_kafka_CreateTopics(client.handle, &requests, requests.count, options, queue)
        } read: { event throws(EventLogError) in
            var count = 0
            let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
            return topicFailures(results, count)
        }
        if let failure = topics.lazy.compactMap({ failures[$0.name] }).first { throw failure }
        for topic in topics { try waitForLeaders(of: topic, deadline) }
    }

    /// A new topic takes a moment to be served, and whoever asks too early gets an error that looks like a real one.
    private func waitForLeaders(of topic: NewTopic, _ deadline: Deadline) throws(EventLogError) {
        let handle = rd_kafka_topic_new(client.handle, topic.name, nil)
        defer { rd_kafka_topic_destroy(handle) }
        while true {
            var metadata: UnsafePointer<rd_kafka_metadata>?
            let code = rd_kafka_metadata(client.handle, 0, handle, &metadata, max(deadline.milliseconds, 1))
            defer { metadata.map { rd_kafka_metadata_destroy($0) } }
            if let found = metadata?.pointee, found.topic_cnt == 1, found.topics[0].partition_cnt == topic.partitions {
                let partitions = UnsafeBufferPointer(
                    start: found.topics[0].partitions, count: Int(found.topics[0].partition_cnt))
                if partitions.allSatisfy({ $0.leader >= 0 && $0.err == RD_KAFKA_RESP_ERR_NO_ERROR }) { return }
            }
            guard !deadline.hasPassed else {
                throw client.error(
                    code == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__TIMED_OUT : code,
                    "topic \(topic.name) was made, but has no leader yet")
            }
            usleep(10_000)
        }
    }

    /// Deletes topics with all they hold.
    ///
    /// - Throws: the first failure in the order given (`isUnknownTopic` among them); the others were deleted.
    public func deleteTopics(_ names: [String], timeout: Duration = .seconds(30)) throws(EventLogError) {
        guard !names.isEmpty else { return }
        var requests = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { requests.forEach { rd_kafka_DeleteTopic_destroy($0) } }
        let failures = try perform(RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout: timeout) { options, queue in
            rd_kafka_DeleteTopics(client.handle, &requests, requests.count, options, queue)
        } read: { event throws(EventLogError) in
            var count = 0
            let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
            return topicFailures(results, count)
        }
        if let failure = names.lazy.compactMap({ failures[$0] }).first { throw failure }
    }

    private func topicFailures(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int
    ) -> [String: EventLogError] {
        var failures: [String: EventLogError] = [:]
        for result in UnsafeBufferPointer(start: results, count: count) {
            let code = rd_kafka_topic_result_error(result)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, let cName = rd_kafka_topic_result_name(result) else { continue }
            let name = String(cString: cName)
            var error = client.error(code, rd_kafka_topic_result_error_string(result).map { String(cString: $0) })
            error.topic = name
            failures[name] = error
        }
        return failures
    }

    /// The settings of topics, by topic and setting.
    public func configuration(
        of topics: [String], timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> [String: [String: TopicSetting]] {
        guard !topics.isEmpty else { return [:] }
        var requests = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
        defer { requests.forEach { rd_kafka_ConfigResource_destroy($0) } }
        return try perform(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout: timeout) { options, queue in
            rd_kafka_DescribeConfigs(client.handle, &requests, requests.count, options, queue)
        } read: { event throws(EventLogError) in
            var count = 0
            let results = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event), &count)
            var answer: [String: [String: TopicSetting]] = [:]
            for resource in UnsafeBufferPointer(start: results, count: count) {
                let name = String(cString: rd_kafka_ConfigResource_name(resource))
                let code = rd_kafka_ConfigResource_error(resource)
                guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    var error = client.error(
                        code, rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) })
                    error.topic = name
                    throw error
                }
                answer[name] = settings(of: resource)
            }
            return answer
        }
    }

    private func settings(of resource: OpaquePointer?) -> [String: TopicSetting] {
        var count = 0
        let entries = rd_kafka_ConfigResource_configs(resource, &count)
        var settings: [String: TopicSetting] = [:]
        for entry in UnsafeBufferPointer(start: entries, count: count) {
            settings[String(cString: rd_kafka_ConfigEntry_name(entry))] = TopicSetting(
                value: rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) },
                isDefault: rd_kafka_ConfigEntry_is_default(entry) == 1)
        }
        return settings
    }
}

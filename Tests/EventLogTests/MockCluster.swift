import CRdKafka
import EventLog
import Testing

/// librdkafka's broker in this process, which fails on demand. It keeps no transactional offsets and knows no
/// `read_committed`: for how the clients take errors, not for what is stored.
final class MockCluster {
    /// Kafka's request keys.
    enum Request: Int16 {
        case produce = 0
        case joinGroup = 11
        case heartbeat = 12
        case syncGroup = 14
        case addPartitionsToTransaction = 24
        case endTransaction = 26
        case transactionOffsetCommit = 28
    }

    private let owner: OpaquePointer
    private let cluster: OpaquePointer
    let settings: ClientSettings

    init() throws {
        let configuration = rd_kafka_conf_new()
        // The mock speaks of its own start on standard error otherwise.
        rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
        owner = try #require(rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0))
        cluster = try #require(rd_kafka_mock_cluster_new(owner, 1))
        settings = ClientSettings(bootstrapServers: String(cString: rd_kafka_mock_cluster_bootstraps(cluster)))
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(owner)
    }

    func createTopic(_ name: String, partitions: Int32 = 1) {
        rd_kafka_mock_topic_create(cluster, name, partitions, 1)
    }

    /// The next requests of that kind are answered with these errors, one each.
    func fail(_ request: Request, with errors: [rd_kafka_resp_err_t]) {
        var errors = errors
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, &errors)
    }

    /// Requests of that kind are answered as usual again.
    func stopFailing(_ request: Request) { rd_kafka_mock_clear_request_errors(cluster, request.rawValue) }

    func goDown() { rd_kafka_mock_broker_set_down(cluster, 1) }

    func goUp() { rd_kafka_mock_broker_set_up(cluster, 1) }
}

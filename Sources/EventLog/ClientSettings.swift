/// A line of librdkafka's own log.
public struct LogLine: Sendable {
    /// Syslog's severity: 0 emergency, 3 error, 4 warning, 6 information, 7 debug.
    public var level: Int
    /// librdkafka's short tag, such as `FAIL` or `REQTMOUT`.
    public var facility: String
    /// The text.
    public var message: String
}

/// How any client of ours reaches the brokers.
public struct ClientSettings: Sendable {
    /// `host:port`, comma separated.
    public var bootstrapServers: String
    /// librdkafka's own settings (SASL, SSL, `debug`, ...), passed through; they win over this package's defaults.
    ///
    /// A setting that librdkafka does not know, or one on which the guarantees here rest, is refused when a client is made.
    public var properties: [String: String]
    /// Reads the settings that must not be seen, such as `sasl.password`; asked anew for each client that is made, so that
    /// one that is changed while the program runs is taken up by the next client.
    public var secrets: @Sendable () throws(EventLogError) -> [String: String]
    /// Takes librdkafka's log lines, on any thread; it must not call back into the client.
    public var logger: @Sendable (LogLine) -> Void

    /// Settings; without a logger, lines are dropped (errors are thrown all the same).
    public init(
        bootstrapServers: String, properties: [String: String] = [:],
        logger: @escaping @Sendable (LogLine) -> Void = { _ in },
        secrets: @escaping @Sendable () throws(EventLogError) -> [String: String] = { () throws(EventLogError) in [:] }
    ) {
        self.bootstrapServers = bootstrapServers
        self.properties = properties
        self.secrets = secrets
        self.logger = logger
    }
}

/// Membership of a consumer group, under the classic protocol.
///
/// Always cooperative-sticky (partitions that stay are never stopped), `read_committed`, offsets committed by the owner.
public struct GroupSettings: Sendable {
    /// The group's name.
    public var groupID: String
    /// Static membership: a member that comes back under this name within the session time-out keeps its partitions and no
    /// rebalance happens. A second live member under one name fences the first.
    public var instanceID: String?
    /// A member not heard from for so long is taken for dead.
    public var sessionTimeout: Duration

    /// Names a group.
    public init(groupID: String, instanceID: String? = nil, sessionTimeout: Duration = .seconds(6)) {
        self.groupID = groupID
        self.instanceID = instanceID
        self.sessionTimeout = sessionTimeout
    }
}

extension Duration {
    /// Whole milliseconds for librdkafka: rounded up so that a short wait is not none, bounded to what it can take.
    package var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let milliseconds = Double(seconds) * 1000 + Double(attoseconds) / 1e15
        return Int32(max(0, min(milliseconds.rounded(.up), Double(Int32.max))))
    }
}

import CRdKafka
import Glibc
import Synchronization

/// Owns one librdkafka handle: its settings, its callbacks and its end.
final class Client {
    let handle: OpaquePointer
    let callbacks: ClientCallbacks
    private var isDestroyed = false

    /// - Parameters:
    ///   - defaults: this package's choices, which the user's properties win over.
    ///   - fixed: what the guarantees rest on; a user's property of that name is refused.
    ///   - configure: sets callbacks that only one kind of client has.
    init(
        _ kind: rd_kafka_type_t, _ settings: ClientSettings, defaults: [String: String], fixed: [String: String],
        callbacks: ClientCallbacks, configure: (OpaquePointer) -> Void = { _ in }
    ) throws(EventLogError) {
        guard let configuration = rd_kafka_conf_new() else { throw EventLogError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) }
        do throws(EventLogError) {
            var fixed = fixed
            fixed["bootstrap.servers"] = settings.bootstrapServers
            let given = settings.properties.merging(try settings.secrets()) { $1 }
            for name in given.keys.sorted() where fixed[name] != nil {
                throw EventLogError(invalidSetting: "Kafka client property \(name) is set by notestream; remove it")
            }
            let chosen = Self.common.merging(defaults) { $1 }.merging(given) { $1 }.merging(fixed) { $1 }
            // By name, so that of several bad ones the same is reported every time.
            for (name, value) in chosen.sorted(by: { $0.key < $1.key }) {
                try Self.set(name, value, isSecret: settings.properties[name] != value, configuration)
            }
        } catch {
            rd_kafka_conf_destroy(configuration)
            throw error
        }
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(callbacks).toOpaque())
        rd_kafka_conf_set_log_cb(configuration) { handle, level, facility, text in
            guard let handle, let callbacks = ClientCallbacks.from(rd_kafka_opaque(handle)) else { return }
            callbacks.log(Int(level), facility, text)
        }
        rd_kafka_conf_set_error_cb(configuration) { _, code, reason, opaque in
            ClientCallbacks.from(opaque)?.noteTrouble(rd_kafka_resp_err_t(rawValue: code), reason)
        }
        configure(configuration)
        var why = [CChar](repeating: 0, count: 512)
        guard let handle = rd_kafka_new(kind, configuration, &why, why.count) else {
            rd_kafka_conf_destroy(configuration)
            throw EventLogError(invalidSetting: "Kafka client: " + Self.withAdvice(String(fromBuffer: why)))
        }
        self.handle = handle
        self.callbacks = callbacks
    }

    /// Messages of any size a broker sends are taken: some brokers ignore the fetch limits, and a refused answer would be
    /// asked for again for ever.
    private static let common = [
        "receive.message.max.bytes": "1500000000", "socket.keepalive.enable": "true", "reconnect.backoff.ms": "50",
        "reconnect.backoff.max.ms": "1000",
    ]

    private static func set(
        _ name: String, _ value: String, isSecret: Bool, _ configuration: OpaquePointer
    ) throws(EventLogError) {
        try requireReadable(name, value)
        var why = [CChar](repeating: 0, count: 512)
        guard rd_kafka_conf_set(configuration, name, value, &why, why.count) == RD_KAFKA_CONF_OK else {
            // librdkafka quotes the values it does not take.
            let reason = isSecret ? "librdkafka does not take it" : String(fromBuffer: why)
            throw EventLogError(invalidSetting: "Kafka client property \(name): " + reason)
        }
    }

    /// Of a private key that it cannot use librdkafka says "PEM lib".
    private static func withAdvice(_ reason: String) -> String {
        guard reason.hasPrefix("ssl.key.location failed") else { return reason }
        return reason + "; it must be the key of ssl.certificate.location, and an encrypted one needs ssl.key.password"
    }

    /// Of a certificate that is not there librdkafka says "system lib", and no name.
    private static func requireReadable(_ name: String, _ path: String) throws(EventLogError) {
        guard name.hasPrefix("ssl."), name.hasSuffix(".location"), path != "probe", access(path, R_OK) != 0 else {
            return
        }
        let reason = String(cString: strerror(errno))
        throw EventLogError(invalidSetting: "Kafka client property \(name): '\(path)' cannot be read (\(reason))")
    }

    /// Throws what a call returned by number.
    func check(_ code: rd_kafka_resp_err_t, at place: TopicPartition? = nil) throws(EventLogError) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw error(code, at: place) }
    }

    /// Throws what a call returned as an object, which it frees.
    func check(_ error: OpaquePointer?) throws(EventLogError) {
        if let error { throw explained(EventLogError(consuming: error)) }
    }

    /// The error of a number, with the words of the fatal error where the client has had one.
    func error(_ code: rd_kafka_resp_err_t, _ message: String? = nil, at place: TopicPartition? = nil) -> EventLogError
    {
        var why = [CChar](repeating: 0, count: 512)
        let fatal = rd_kafka_fatal_error(handle, &why, why.count)
        guard fatal == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return EventLogError(fatal, String(fromBuffer: why), isFatal: true, at: place)
        }
        return explained(EventLogError(code, message, at: place))
    }

    /// "Timed out" alone helps nobody: adds the last trouble with a broker, such as a refused connection.
    func explained(_ error: EventLogError) -> EventLogError {
        guard error.lacksReason, let trouble = callbacks.lastTrouble else { return error }
        var error = error
        error.message += "; last trouble: " + trouble
        return error
    }

    /// What ended the client for good, if anything did.
    var fatalError: EventLogError? {
        rd_kafka_fatal_error(handle, nil, 0) == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : error(RD_KAFKA_RESP_ERR__FATAL)
    }

    /// Ends the client; blocks until its threads have ended.
    func destroy(flags: Int32 = 0) {
        guard !isDestroyed else { return }
        isDestroyed = true
        rd_kafka_destroy_flags(handle, flags)
    }

    /// Leaves the handle to the process's end, with the callbacks it may still call.
    func abandon() {
        guard !isDestroyed else { return }
        isDestroyed = true
        _ = Unmanaged.passRetained(callbacks)
    }

    deinit { destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) }
}

/// What librdkafka calls back. Its threads call `log`; the rest is called by the owner's thread, from within a poll.
class ClientCallbacks {
    let settings: ClientSettings
    private let seen = Mutex(Seen())

    private struct Seen {
        var trouble: String?
        var refusal: (last: Refusal, since: ContinuousClock.Instant)?
    }

    init(_ settings: ClientSettings) { self.settings = settings }

    static func from(_ opaque: UnsafeMutableRawPointer?) -> ClientCallbacks? {
        opaque.map { Unmanaged<ClientCallbacks>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The last trouble with a broker, in words for the operator where they are known.
    var lastTrouble: String? { seen.withLock { $0.trouble } }

    /// The last refusal, if nothing has come from a broker since.
    var refusal: Refusal? { seen.withLock { $0.refusal?.last } }

    /// A refusal that leaves no doubt, once brokers have gone on refusing for so long.
    func lastingRefusal(_ duration: Duration) -> EventLogError? {
        guard let (refusal, since) = seen.withLock({ $0.refusal }), refusal.isCertain else { return nil }
        return ContinuousClock.now - since >= duration ? EventLogError(refusal, settings) : nil
    }

    /// Something came from a broker: it lets us in.
    func forgetRefusal() { seen.withLock { $0.refusal = nil } }

    final func log(_ level: Int, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?) {
        let facility = facility.map { String(cString: $0) } ?? ""
        let text = text.map { String(cString: $0) } ?? ""
        // All kinds of client share one set of properties, so one meant for another kind is nothing to warn of.
        if facility == "CONFWARN" && text.contains("property and will be ignored by this") { return }
        guard facility == "FAIL", let refusal = Refusal(text) else {
            // Blocking calls serve no error callback; what failed meanwhile is known from here alone.
            if level <= 3 { seen.withLock { $0.trouble = text } }
            settings.logger(LogLine(level: level, facility: facility, message: text))
            return
        }
        let words = refusal.explained(to: settings)
        seen.withLock { seen in
            seen.trouble = words
            seen.refusal = (last: refusal, since: seen.refusal?.since ?? .now)
        }
        settings.logger(LogLine(level: 3, facility: facility, message: words))
    }

    final func noteTrouble(_ code: rd_kafka_resp_err_t, _ reason: UnsafePointer<CChar>?) {
        let text = reason.map { String(cString: $0) } ?? String(cString: rd_kafka_err2str(code))
        // The log has said it already, in better words.
        if Refusal(text) != nil { return }
        if code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN { seen.withLock { $0.trouble = text } }
        settings.logger(LogLine(level: 4, facility: String(cString: rd_kafka_err2name(code)), message: text))
    }
}

extension String {
    /// A C string that librdkafka wrote into our buffer.
    init(fromBuffer buffer: [CChar]) {
        self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Time left of a time-out that several calls share.
struct Deadline {
    private let end: ContinuousClock.Instant
    private let isOver: () -> Bool

    /// - Parameter isOver: whether nobody waits any longer, whatever time is left.
    init(_ timeout: Duration, unless isOver: @escaping () -> Bool = { false }) {
        end = .now + timeout
        self.isOver = isOver
    }

    var hasPassed: Bool { isOver() || ContinuousClock.now >= end }
    /// Milliseconds left, 0 when it has passed.
    var milliseconds: Int32 { hasPassed ? 0 : (end - .now).milliseconds }
}

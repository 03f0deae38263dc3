import CMicroHTTPD
import Configuration
import Foundation
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd: a few event-loop threads, requests read whole, answers written whole or as streams
/// of events.
///
/// The handler runs on an event-loop thread and must not wait for anything but memory and the local store; what waits, it
/// leaves to the workers.
public final class HTTPServer: Sendable {
    /// What a server is given.
    public struct Configuration: Sendable {
        /// Where it listens.
        public var address: ListenAddress
        /// Event-loop threads.
        public var threads = 2
        /// Bytes of a request's body, at most.
        public var bodyLimit = 64 << 10
        /// Connections at a time, at most, and no more than the limit of open files has room for; further ones wait in the
        /// kernel's queue.
        public var connectionLimit = 1_024
        /// Seconds after which a silent connection is closed; event streams are kept.
        public var idleSeconds = 30
        /// Threads for requests that wait for a stage, and as many again for those that wait for a broker.
        public var workers = 4
        /// Requests that may wait for such a thread, of either kind.
        public var workerQueue = 128
        /// One that has waited longer for a thread that waits for a broker is refused: the broker is away, and each that
        /// is begun now would keep the thread for long.
        public var brokerPatience = Duration.seconds(10)
        /// The longest silence on an event stream.
        public var heartbeat = Duration.seconds(15)
        /// TLS; nil is none.
        public var tls: TLS?

        /// What TLS needs.
        public struct TLS: Sendable {
            /// The certificate and those that vouch for it, as PEM.
            public var certificate: String
            /// Its private key, as PEM.
            public var key: String

            /// A certificate and its key.
            public init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }

        /// The limits that serve most.
        public init(address: ListenAddress) { self.address = address }
    }

    /// Connections at a time, at most: as configured, or as the limit of open files has room for.
    package let connectionLimit: Int
    let bodyLimit: Int
    let handle: @Sendable (HTTPRequest) -> HTTPAnswer
    let takesBody: @Sendable (HTTPRequest) -> Bool
    private let stageWorkers: HTTPWorkers
    private let brokerWorkers: HTTPWorkers
    let streams: HTTPStreams
    /// Requests whose head is in and whose answer is not out.
    let underWay = Atomic<Int>(0)
    private let log: @Sendable (String) -> Void
    private let daemon = Mutex<Daemon?>(nil)

    /// libmicrohttpd's daemon. `@unchecked Sendable`: its pointers are set once, every call made through them is one that
    /// libmicrohttpd allows from any thread, and `stop` takes it out of the mutex before it is let go.
    private struct Daemon: @unchecked Sendable {
        let handle: OpaquePointer
        /// Freed when the daemon has stopped.
        let logger: UnsafeMutablePointer<mhd_logger>
    }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - log: takes libmicrohttpd's lines, on any thread.
    ///   - takesBody: whether a request's body is to be gathered, told by its head; on any event-loop thread.
    ///   - handle: answers requests, on any event-loop thread.
    /// - Throws: ``HTTPServerError`` when the address is taken or not this machine's, or the certificate is no good.
    package init(
        _ configuration: Configuration, log: @escaping @Sendable (String) -> Void,
        takesBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true },
        handle: @escaping @Sendable (HTTPRequest) -> HTTPAnswer
    ) throws(HTTPServerError) {
        connectionLimit = OpenFileLimit.connections(wanted: configuration.connectionLimit)
        bodyLimit = configuration.bodyLimit
        self.handle = handle
        self.takesBody = takesBody
        self.log = log
        stageWorkers = HTTPWorkers(
            "http-worker", threads: configuration.workers, queueLimit: configuration.workerQueue)
        brokerWorkers = HTTPWorkers(
            "http-broker", threads: configuration.workers, queueLimit: configuration.workerQueue,
            patience: configuration.brokerPatience)
        streams = HTTPStreams(heartbeat: configuration.heartbeat)
        var flags =
            MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ERROR_LOG.rawValue
        if configuration.address.isIPv6 { flags |= MHD_USE_IPv6.rawValue }
        var options = [
            MHD_OptionItem(option: .CONNECTION_LIMIT, value: connectionLimit, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: configuration.idleSeconds, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: 32 << 10, ptr_value: nil),
            MHD_OptionItem(option: .STRICT_FOR_CLIENT, value: 1, ptr_value: nil),
            MHD_OptionItem(option: .THREAD_POOL_SIZE, value: max(1, configuration.threads), ptr_value: nil),
        ]
        var texts: [UnsafeMutablePointer<CChar>?] = []
        defer { texts.forEach { free($0) } }
        if let tls = configuration.tls {
            flags |= MHD_USE_TLS.rawValue
            for (option, text) in [
                (MHD_OPTION.HTTPS_MEM_KEY, tls.key), (.HTTPS_MEM_CERT, tls.certificate),
                (.HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"),
            ] {
                // Read by the time the daemon has started.
                texts.append(strdup(text))
                options.append(MHD_OptionItem(option: option, value: 0, ptr_value: texts.last ?? nil))
            }
        }
        options.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
        let context = Unmanaged.passUnretained(self).toOpaque()
        let logger = UnsafeMutablePointer<mhd_logger>.allocate(capacity: 1)
        logger.initialize(to: mhd_logger(write: onLogLine, context: context))
        let started = configuration.address.withSocketAddress { address in
            mhd_start(flags, address, logger, onAccess, onCompleted, context, options)
        }
        guard let started else {
            let reason =
                configuration.tls == nil || errno == EADDRINUSE || errno == EADDRNOTAVAIL
                ? String(cString: strerror(errno)) : "http.certificate and http.key are not a certificate and its key"
            logger.deallocate()
            stageWorkers.stop()
            brokerWorkers.stop()
            throw HTTPServerError(address: configuration.address, reason: reason)
        }
        daemon.withLock { $0 = Daemon(handle: started, logger: logger) }
    }

    /// The port it listens at.
    public var port: Int { daemon.withLock { $0.map { Int(mhd_port($0.handle)) } ?? 0 } }

    /// Connections open now.
    package var connections: Int { daemon.withLock { $0.map { Int(mhd_connections($0.handle)) } ?? 0 } }

    /// Event streams open now.
    package var openStreams: Int { streams.count }

    /// The threads for what a request waits for.
    func workers(for awaited: Awaited) -> HTTPWorkers {
        switch awaited {
        case .stage: stageWorkers
        case .broker: brokerWorkers
        }
    }

    /// Stops to listen, ends the streams, gives requests under way the time, and closes.
    public func stop(grace: Duration = .seconds(2)) {
        let taken = daemon.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        guard let taken else { return }
        let handle = taken.handle
        let listener = MHD_quiesce_daemon(handle)
        // Closed only when the event loops have ended: one of them may be about to accept, and the number may be another
        // file's by then.
        if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
        defer { if listener >= 0 { close(listener) } }
        stageWorkers.stop()
        brokerWorkers.stop()
        streams.stop()
        let deadline = ContinuousClock.now + grace
        while underWay.load(ordering: .acquiring) > 0, ContinuousClock.now < deadline { usleep(5_000) }
        // libmicrohttpd aborts the process when a connection is suspended by now.
        stageWorkers.abandon()
        brokerWorkers.abandon()
        MHD_stop_daemon(handle)
        taken.logger.deallocate()
    }

    deinit { stop(grace: .zero) }

    fileprivate func note(_ line: String) { log(line.trimmingCharacters(in: .whitespacesAndNewlines)) }
}

/// A server could not listen.
public struct HTTPServerError: Error, CustomStringConvertible {
    let address: ListenAddress
    let reason: String

    /// Where, why, and what to do.
    public var description: String {
        "cannot listen on \(address.host):\(address.port) (\(reason)); set http.listen to another address, or to nothing"
    }
}

private func onLogLine(context: UnsafeMutableRawPointer, line: UnsafePointer<CChar>) {
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().note(String(cString: line))
}

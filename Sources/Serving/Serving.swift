import Configuration
import EventLog
import Foundation
import Pipeline

/// Starts the HTTP server of a running pipeline as the settings say.
public enum Serving {
    /// Listens; nil where `http.listen` is empty.
    ///
    /// - Throws: ``HTTPServerError`` when the address cannot be had, `ConfigurationError` when the token or the certificate
    ///   cannot be read.
    public static func start(
        _ settings: Settings, _ service: PipelineService, topics: Topics, client: ClientSettings,
        retraining: RetrainStatus, _ logger: Logger
    ) throws -> RunningServer? {
        guard let address = settings.http.address else { return nil }
        let secret = Secret.inFile(settings.http.tokenFile)
        if let warning = secret?.warning { logger.warning(warning) }
        let token = try secret?.read(for: "http.token_file")
        let metrics = HTTPMetrics()
        let connections = OpenFileLimit.connections(wanted: settings.http.connections)
        if connections < settings.http.connections {
            logger.notice(
                "open files limit the connections",
                ["connections": "\(connections)", "wanted": "\(settings.http.connections)"])
        }
        var limits = StreamHub.Limits()
        // Some are left for requests, so that a stream too many is refused in words.
        limits.streams = min(settings.http.streams, connections - connections / 16)
        let hub = StreamHub(client: client, topics: topics, limits: limits, logger: logger)
        let api = API(
            answers: service.answers,
            owners: Owners(
                client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix,
                ownURL: settings.http.advertise, logger: logger),
            publisher: NotePublisher(client: client, topics: topics),
            topicViews: TopicViews(client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix),
            stats: StatsSampler(statuses: service.statuses, streams: { hub.streams }), retraining: retraining,
            metrics: metrics, hub: hub, topics: topics)
        let router = Router(
            api.routes, token: token, localHostsOnly: address.isLoopback && token == nil, metrics: metrics)
        var configuration = HTTPServer.Configuration(address: address)
        configuration.bodyLimit = 256 << 10
        configuration.connectionLimit = connections
        configuration.tls = try tls(settings.http)
        let server = try HTTPServer(configuration) {
            logger.warning("the HTTP server says", ["line": $0])
        } takesBody: {
            router.takesBody(of: $0)
        } handle: {
            router.answer($0)
        }
        let scheme = configuration.tls == nil ? "http" : "https"
        metrics.watch(server)
        hub.start()
        logger.info("listening", [scheme: "\(address.host):\(server.port)"])
        return RunningServer(server: server, hub: hub)
    }

    private static func tls(_ http: Settings.HTTP) throws -> HTTPServer.Configuration.TLS? {
        guard let certificate = try Secret.inFile(http.certificate)?.read(for: "http.certificate"),
            let key = try Secret.inFile(http.key)?.read(for: "http.key")
        else { return nil }
        return .init(certificate: certificate, key: key)
    }
}

/// An HTTP server at work, with the streams it serves.
public struct RunningServer: Sendable {
    let server: HTTPServer
    let hub: StreamHub

    /// The port it listens at.
    public var port: Int { server.port }

    /// Ends the streams, gives requests under way the time, and closes.
    public func stop() {
        hub.stop()
        server.stop()
    }
}

import Configuration
import Pipeline

/// Starts the HTTP server of a running pipeline as the settings say.
public enum Serving {
    /// Listens; nil where `http.listen` is empty.
    ///
    /// - Throws: ``HTTPServerError`` when the address cannot be had, `ConfigurationError` when the token cannot be read.
    public static func start(_ settings: Settings.HTTP, _ service: PipelineService, _ logger: Logger) throws
        -> HTTPServer?
    {
        guard let address = settings.address else { return nil }
        let metrics = HTTPMetrics()
        let api = API(
            statuses: { service.statuses }, lookup: service.lookup, version: { service.modelVersion }, metrics: metrics)
        let token = Secret.inFile(settings.tokenFile)
        if let warning = token?.warning { logger.warning(warning) }
        let router = Router(api.routes, token: try token?.read(for: "http.token_file"), metrics: metrics)
        let server = try HTTPServer(.init(address: address)) {
            logger.warning("the HTTP server says", ["line": $0])
        } handle: {
            router.answer($0)
        }
        logger.info("listening", ["http": "\(address.host):\(server.port)"])
        return server
    }
}

import BrokerSupport
import Foundation
import Support

/// A deployment whose instances answer over HTTP.
struct ServedDeployment {
    let deployment: Deployment
    /// The file that holds the token; nil where none is asked for.
    let tokenFile: String?
    private let folder: TemporaryFolder
    private let settings: [String: String]

    /// - Parameters:
    ///   - token: what requests must carry; nil lets everyone in.
    ///   - settings: for every instance.
    init(_ broker: TestBroker, _ purpose: String, token: String? = nil, settings: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        var settings = settings.merging(["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:0"]) { $1 }
        tokenFile = token.map { [folder] _ in folder.path + "/token" }
        if let token, let tokenFile {
            try "\(token)\n".write(toFile: tokenFile, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokenFile)
            settings["NOTESTREAM_HTTP_TOKEN_FILE"] = tokenFile
        }
        self.settings = settings
        deployment = try Deployment(broker, purpose, settings: settings)
    }

    /// Starts the one instance, under a model version made from a log, and has it work the log off; answers its port.
    func start(workingOff sample: SampleLog) throws -> Int {
        try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
        let port = try start()
        try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
        try deployment.waitUntilDrained()
        return port
    }

    /// Starts an instance; answers its port once it listens.
    func start(_ instance: String = Deployment.first, _ own: [String: String] = [:]) throws -> Int {
        try deployment.start(instance, settings.merging(own) { $1 })
        var port = 0
        let isListening = try wait(.seconds(60)) {
            try deployment.requireRunning()
            let line = try deployment.lines("listening", of: instance).first
            port = (line?["http"] ?? line?["https"])?.split(separator: ":").last.flatMap { Int($0) } ?? 0
            return port > 0
        }
        guard isListening else { throw IntegrationError("\(instance) does not listen") }
        return port
    }

    /// A port that is free now, and stays so: none of those that the system gives to clients.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        for port in (23_000..<32_000).shuffled() {
            address.sin_port = in_port_t(port).bigEndian
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isBound { return port }
        }
        throw IntegrationError("there is no free port")
    }
}

/// An answer's body as JSON.
extension RawAnswer {
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }

    /// The objects of a list in the body.
    func list(_ name: String) -> [[String: Any]] { object[name] as? [[String: Any]] ?? [] }

    /// A header's value; nil where there is none.
    func header(_ name: String) -> String? {
        text.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

import Foundation

/// A value that is never printed: a file that holds it, or the value itself as the environment gave it.
///
/// Whatever prints, dumps or logs settings shows where a secret comes from, and no more.
public struct Secret: Equatable, Sendable {
    private enum Source: Equatable {
        case file(String)
        case environment(String)
    }

    private let source: Source

    private init(_ source: Source) { self.source = source }

    /// Reads the secret, now.
    ///
    /// - Parameter setting: what an error calls it.
    public func read(for setting: String) throws(ConfigurationError) -> String {
        let path: String
        switch source {
        case .environment(let value): return value
        case .file(let file): path = file
        }
        var text: String
        do {
            text = try TextFile.read(path)
        } catch {
            throw ConfigurationError(error.place, setting: setting, error.message)
        }
        // Editors and echo end a file with a line break, which no password has.
        if text.last?.isNewline == true { text.removeLast() }
        let place = Place.file(path, line: 1)
        guard !text.isEmpty else { throw ConfigurationError(place, setting: setting, "the file is empty") }
        guard !text.utf8.contains(0) else {
            throw ConfigurationError(place, setting: setting, "the file holds a zero byte; save it as text")
        }
        return text
    }

    /// A sentence of advice when the secret lies open to every user of this machine.
    public var warning: String? {
        guard case .file(let path) = source,
            let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int,
            mode & 0o004 != 0
        else { return nil }
        return "the secret in \(path) can be read by every user of this machine (mode \(String(mode, radix: 8))); "
            + "'chmod o-r \(path)' closes it"
    }

    /// A secret in a file; nil where no file is named.
    public static func inFile(_ path: String) -> Secret? { path.isEmpty ? nil : Secret(.file(path)) }

    static func inEnvironment(_ value: String) -> Secret { Secret(.environment(value)) }

    func expandingHome(_ environment: [String: String]) -> Secret {
        guard case .file(let path) = source else { return self }
        return Secret(.file(TextFile.expandingHome(path, environment)))
    }
}

extension Secret: Decodable {
    /// In a configuration a secret is a file's path.
    public init(from decoder: any Decoder) throws {
        self.init(.file(try decoder.singleValueContainer().decode(String.self)))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where it comes from.
    public var description: String {
        switch source {
        case .file(let path): "(in \(path))"
        case .environment: "(in the environment)"
        }
    }
    /// Where it comes from.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret {
    /// Whether a setting of librdkafka's is a secret: passwords, and a private key that is not in a file of its own.
    static func isSecret(_ property: String) -> Bool {
        property.contains("password") || property.contains("secret") || property == "ssl.key.pem"
    }

    /// A configuration file is copied, shown and checked in; a secret has no place there.
    static func refuse(in file: YAMLNode) throws(ConfigurationError) {
        guard case .mapping(let pairs) = file["kafka"]?["client"]?.content else { return }
        for pair in pairs where isSecret(pair.key) {
            let variable = "NOTESTREAM_KAFKA_CLIENT_" + pair.key.uppercased().replacing(".", with: "_")
            throw ConfigurationError(
                pair.value.place, setting: "kafka.client." + pair.key,
                "a secret must not stand here; write it into a file that only notestream's user can read and name that file "
                    + "under kafka.secrets, as in {\(pair.key): /run/secrets/kafka}, or set \(variable)")
        }
    }
}

extension Settings.Kafka {
    /// Takes the secrets that the environment gave as client settings out of those, where they would be printed.
    mutating func hideSecrets() {
        for (name, value) in client where Secret.isSecret(name) {
            client[name] = nil
            secrets[name] = Secret.inEnvironment(value)
        }
    }

    /// Reads every secret, now.
    public func readSecrets() throws(ConfigurationError) -> [String: String] {
        var values: [String: String] = [:]
        for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            values[name] = try secret.read(for: "kafka.secrets." + name)
        }
        return values
    }
}

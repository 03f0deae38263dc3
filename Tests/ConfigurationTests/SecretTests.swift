import Configuration
import Foundation
import Support
import Testing

/// Where secrets may come from, and that nothing shows them.
@Suite struct SecretTests {
    private static let secret = "correct horse: #battery"
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = folder.path + "/" + name
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> Settings {
        try Settings.load(file: write("notestream.yaml", yaml), environment: environment)
    }

    private func refusal(_ body: () throws -> Void) throws -> String {
        try #require(#expect(throws: ConfigurationError.self) { try body() }).description
    }

    @Test func aFileHoldsIt() throws {
        let path = try write("password", Self.secret + "\n")
        let settings = try load("kafka: {secrets: {sasl.password: \(path)}}")
        #expect(try settings.kafka.readSecrets() == ["sasl.password": Self.secret])
        // Whoever changes the file need not start the program again.
        _ = try write("password", "another\r\n")
        #expect(try settings.kafka.readSecrets() == ["sasl.password": "another"])
    }

    @Test func theEnvironmentNamesTheFileOrHoldsIt() throws {
        let home = ["HOME": folder.path]
        _ = try write("password", Self.secret)
        let named = home.merging(["NOTESTREAM_KAFKA_SECRETS_SASL_PASSWORD": "~/password"]) { $1 }
        #expect(try load("", named).kafka.readSecrets() == ["sasl.password": Self.secret])
        let held = named.merging(["NOTESTREAM_KAFKA_CLIENT_SASL_PASSWORD": "held"]) { $1 }
        let settings = try load("kafka: {secrets: {sasl.password: /nonexistent}}", held)
        #expect(try settings.kafka.readSecrets() == ["sasl.password": "held"])
        #expect(settings.kafka.client.isEmpty)
    }

    @Test(arguments: ["sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem"])
    func theConfigurationMustNotHoldIt(_ property: String) throws {
        let yaml = "kafka:\n  client:\n    \(property): '\(Self.secret)'"
        let text = try refusal { _ = try load(yaml) }
        #expect(text.contains("notestream.yaml:3: kafka.client.\(property)"))
        #expect(text.contains("kafka.secrets"))
        #expect(!text.contains("horse"))
        // Not even where the environment would win over it.
        let variable = "NOTESTREAM_KAFKA_CLIENT_" + property.uppercased().replacing(".", with: "_")
        #expect(text.contains(variable))
        _ = try refusal { _ = try load(yaml, [variable: "x"]) }
    }

    @Test func noPrintShowsIt() throws {
        let settings = try load("", ["NOTESTREAM_KAFKA_CLIENT_SASL_PASSWORD": Self.secret])
        #expect(try settings.kafka.readSecrets() == ["sasl.password": Self.secret])
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", String(reflecting: settings), dumped] {
            #expect(!text.contains("horse"))
            #expect(text.contains("sasl.password"), "it was printed: \(text)")
        }
    }

    @Test func aFileThatHoldsNoneIsNamed() throws {
        for (path, reason) in [
            ("/nonexistent", "there is none"), (try write("empty", "\n"), "empty"),
            (try write("zero", "a\0b"), "zero byte"),
        ] {
            let settings = try load("kafka: {secrets: {sasl.password: \(path)}}")
            let text = try refusal { _ = try settings.kafka.readSecrets() }
            #expect(text.contains("\(path):1: kafka.secrets.sasl.password: "))
            #expect(text.contains(reason))
        }
    }

    @Test func aFileThatEverybodyReadsIsWarnedOf() throws {
        let open = try write("open", Self.secret, mode: 0o644)
        let closed = try write("closed", Self.secret, mode: 0o640)
        let settings = try load("kafka: {secrets: {sasl.password: \(open), ssl.key.password: \(closed)}}")
        let warning = try #require(settings.kafka.secrets["sasl.password"]?.warning)
        #expect(warning.contains("\(open) can be read by every user of this machine (mode 644)"))
        #expect(settings.kafka.secrets["ssl.key.password"]?.warning == nil)
    }
}

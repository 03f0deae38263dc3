import Configuration
import Foundation
import Support
import Testing

@Suite struct SettingsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> Settings {
        let file = folder.url.appending(path: "notestream.yaml")
        try yaml.write(to: file, atomically: true, encoding: .utf8)
        return try Settings.load(file: file.path, environment: environment.merging(["HOME": "/home/someone"]) { $1 })
    }

    /// Line and text of the error that a file brings.
    private func refusal(_ yaml: String) throws -> (line: Int?, text: String) {
        do {
            _ = try load(yaml)
            Issue.record("accepted: \(yaml)")
            return (nil, "")
        } catch let error as ConfigurationError {
            guard case .file(_, let line) = error.place else { return (nil, error.description) }
            return (line, error.description)
        }
    }

    @Test func defaultsRunOnOneMachine() throws {
        let settings = try Settings.load(environment: ["HOME": "/home/someone"])
        #expect(settings.kafka.bootstrapServers == "127.0.0.1:9092")
        #expect(settings.kafka.client.isEmpty)
        #expect(settings.state.directory == "/home/someone/.local/state/notestream")
        #expect(settings.model.path == "/home/someone/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf")
        #expect(settings.window.buckets == 7)
        #expect(settings.window.bucketMilliseconds == 86_400_000)
        #expect(settings.window.idleMilliseconds == 1_800_000)
        #expect(settings.recommend.listSize == 20)
        #expect(settings.recommend.diversity == 0)
        #expect(settings.log.level == .info)
        #expect(!settings.retrain.enabled && settings.retrain.mode == .quick)
        #expect(settings.retrain.rollbackMinutes == 60)
    }

    @Test func retrainingIsChecked() throws {
        let settings = try load("retrain: {enabled: true, mode: deep, steps: 20, horizon_days: 30}")
        #expect(settings.retrain.enabled && settings.retrain.mode == .deep)
        #expect(settings.retrain.steps == 20 && settings.retrain.horizonDays == 30)
        #expect(try refusal("retrain:\n  interval_minutes: -1").line == 2)
        #expect(try refusal("retrain:\n  mode: thorough").text.contains("quick"))
    }

    @Test func theServerIsChecked() throws {
        let settings = try load("http: {certificate: ~/c.pem, key: ~/k.pem, advertise: 'http://10.0.0.5:8080'}")
        #expect(settings.http.key.hasSuffix("/k.pem") && !settings.http.key.hasPrefix("~"))
        #expect(try refusal("http:\n  certificate: c.pem").text.contains("needs its key"))
        #expect(try refusal("http:\n  key: k.pem").text.contains("its certificate"))
        #expect(try refusal("http:\n  advertise: 10.0.0.5").line == 2)
        #expect(try refusal("http:\n  connections: 10\n  streams: 11").line == 3)
        #expect(try refusal("http:\n  listen: 0.0.0.0:80").text.contains("http.token_file"))
    }

    @Test func theExampleIsTheDefaults() throws {
        #expect(try load(Settings.example) == Settings.load(environment: ["HOME": "/home/someone"]))
    }

    @Test func everySettingOfTheExampleIsExplained() {
        var previous = ""
        for line in Settings.example.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            let isSetting = line.contains(": ") && !line.hasPrefix("#")
            #expect(!isSetting || previous.hasPrefix("#"), "no comment above: \(line)")
            previous = line
        }
    }

    @Test func fileGoesOverDefaultsAndEnvironmentOverFile() throws {
        let yaml = """
            kafka:
              bootstrap_servers: broker:9092
              topic_prefix: 123
              client: {security.protocol: ssl, enable.ssl.certificate.verification: true}
            window:
            recommend: {list_size: 5, diversity: .25}
            """
        let settings = try load(
            yaml,
            [
                "NOTESTREAM_RECOMMEND_LIST_SIZE": "7", "NOTESTREAM_KAFKA_CLIENT_SASL_USERNAME": "a: b #c",
                "NOTESTREAM_KAFKA_CLIENT_SECURITY_PROTOCOL": "sasl_ssl", "NOTESTREAM_MODEL": "left alone",
            ])
        #expect(settings.kafka.bootstrapServers == "broker:9092")
        #expect(settings.kafka.topicPrefix == "123")
        #expect(settings.kafka.topic(.noteProfiles) == "123note-profiles")
        #expect(
            settings.kafka.client == [
                "security.protocol": "sasl_ssl", "enable.ssl.certificate.verification": "true",
                "sasl.username": "a: b #c",
            ])
        #expect(settings.recommend.listSize == 7)
        #expect(settings.recommend.diversity == 0.25)
        #expect(settings.window.days == 7)
    }

    @Test func emptyFileIsTheDefaults() throws {
        #expect(try load("") == load("# nothing\n"))
        #expect(try load("").window.days == 7)
    }

    @Test(arguments: [
        ("recommend:\n  list_sise: 5", 2, "unknown key 'list_sise'; known here: candidates"),
        ("\nrecommand: {}", 2, "unknown key 'recommand'"),
        ("recommend:\n  list_size: many", 2, "recommend.list_size: 'many' is not a whole number"),
        ("recommend:\n  list_size: 0", 2, "use 1 to 1000"),
        ("recommend:\n  list_size: 99999999999999999999", 2, "is not a whole number"),
        ("recommend:\n  list_size: 200", 2, "raise recommend.candidates"),
        ("recommend:\n  diversity: .nan", 2, "'.nan' is not a number"),
        ("recommend:\n  diversity: 2", 2, "use 0.0 to 1.0"),
        ("recommend:\n  list_size:", 2, "a value is needed"),
        ("recommend: 5", 1, "a mapping is needed"),
        ("window:\n  days: 7\n  bucket_hours: 5", 3, "no whole number of buckets"),
        ("window:\n  days: 7\n  days: 8", 3, "'days' is there twice"),
        ("log:\n  level: loud", 2, "one of debug, info, warning, error, is needed; found 'loud'"),
        ("window:\n  bucket_hours: 7\n  days: 3", 2, "no whole number of buckets"),
        ("window:\n  days: 0", 2, "use 1 to 366"),
        ("kafka:\n  client:\n    - a", 2, "kafka.client"),
        ("kafka:\n  topic_prefix: 'a b'", 2, "only letters"),
        ("kafka:\n  secrets: {sasl.password: [a]}", 2, "kafka.secrets.sasl.password"),
        ("kafka: &a {}\nstate: *a", 2, "aliases"),
        ("kafka: !!map {}", 1, "tags"),
        ("kafka: {}\n---\nkafka: {}", 2, "second document"),
        ("kafka:\n  bootstrap_servers: [a\nwindow: {}", 3, "check indentation"),
        ("kafka:\n\tbootstrap_servers: a", 2, "check indentation"),
        ("? [a]\n: b", 1, "a key must be plain text"),
        ("- a", 1, "a mapping is needed"),
        (String(repeating: "[", count: 10_000), 1, "deeper than 32"),
    ])
    func refusesWithLineAndAdvice(_ yaml: String, _ line: Int, _ text: String) throws {
        let refusal = try refusal(yaml)
        #expect(refusal.text.contains(text), "\(refusal.text)")
        #expect(refusal.line == line, "\(refusal.text)")
    }

    @Test func environmentErrorsNameTheVariable() throws {
        #expect {
            try load("", ["NOTESTREAM_WINDOW_DAYS": "week"])
        } throws: { error in
            "\(error)".hasPrefix("environment variable NOTESTREAM_WINDOW_DAYS: window.days: 'week'")
        }
        #expect {
            try load("", ["NOTESTREAM_WINDOW_DAISY": "1"])
        } throws: { error in
            "\(error)".contains("environment variable NOTESTREAM_WINDOW_DAISY: window: unknown key 'daisy'")
        }
    }

    @Test func missingFileIsNamed() {
        #expect {
            try Settings.load(file: "/nowhere/notestream.yaml", environment: [:])
        } throws: { error in
            "\(error)".contains("/nowhere/notestream.yaml") && "\(error)".contains("there is none")
        }
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        let file = folder.url.appending(path: "latin1.yaml")
        try Data([0x6B, 0x3A, 0x20, 0xE4]).write(to: file)
        #expect {
            try Settings.load(file: file.path, environment: [:])
        } throws: { "\($0)".contains("not UTF-8") }
    }

    /// Whatever is done to a file, there are settings or a ConfigurationError, and the process goes on.
    @Test func mutatedFilesNeverTrap() throws {
        var random = SeededGenerator(seed: 7)
        let original = Array(Settings.example.utf8)
        var refused = 0
        for _ in 0..<800 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...127, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
                }
            }
            do { _ = try load(String(decoding: bytes, as: UTF8.self)) } catch is ConfigurationError { refused += 1 }
        }
        #expect(refused > 100)
    }
}

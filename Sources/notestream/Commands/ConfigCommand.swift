import Configuration

extension Notestream {
    static let config = Command(
        name: "config", summary: "Print every setting with its meaning and default, as YAML for --config.",
        discussion: """
            Each setting can also be given by an environment variable, such as NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS, which wins
            over the file.
            """
    ) { _ in
        Output.line(Settings.example)
        return .success
    }
}

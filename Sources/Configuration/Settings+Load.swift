import Foundation

extension Settings {
    /// The defaults, with a file and then the environment put over them, checked.
    ///
    /// - Parameters:
    ///   - file: the path of `--config`; nil takes `NOTESTREAM_CONFIG`, and no file where that is not set either.
    ///   - environment: variables named `NOTESTREAM_SECTION_KEY`; others are left alone.
    public static func load(
        file: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> Settings {
        let defaults = try YAMLNode.parse(example, file: defaultsName)
        var tree = defaults
        if let file = file ?? environment["NOTESTREAM_CONFIG"] {
            let written = try YAMLNode.parse(try TextFile.read(file), file: file)
            try Secret.refuse(in: written)
            tree = try tree.overlaid(with: written, known: defaults)
        }
        for change in try environmentChanges(environment, in: defaults) {
            tree = try tree.overlaid(with: change, known: defaults)
        }
        var settings = try YAMLDecoder.decode(Settings.self, from: tree)
        settings.kafka.hideSecrets()
        try settings.check(tree)
        settings.state.directory = TextFile.expandingHome(settings.state.directory, environment)
        settings.state.checkpoints = TextFile.expandingHome(settings.state.checkpoints, environment)
        settings.http.tokenFile = TextFile.expandingHome(settings.http.tokenFile, environment)
        while settings.http.advertise.hasSuffix("/") { settings.http.advertise.removeLast() }
        settings.http.certificate = TextFile.expandingHome(settings.http.certificate, environment)
        settings.http.key = TextFile.expandingHome(settings.http.key, environment)
        settings.model.path = TextFile.expandingHome(settings.model.path, environment)
        settings.kafka.secrets = settings.kafka.secrets.mapValues { $0.expandingHome(environment) }
        return settings
    }

    /// What errors call the file that `example` would be.
    private static let defaultsName = "the defaults"

    /// One small tree for each variable that begins with a section's name.
    private static func environmentChanges(
        _ environment: [String: String], in tree: YAMLNode
    ) throws(ConfigurationError) -> [YAMLNode] {
        guard case .mapping(let sections) = tree.content else { return [] }
        var changes: [YAMLNode] = []
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            for section in sections {
                let prefix = "NOTESTREAM_\(section.key.uppercased())_"
                guard variable.hasPrefix(prefix) else { continue }
                let place = Place.environment(variable)
                var path = [section.key]
                let key = variable.dropFirst(prefix.count).lowercased()
                if section.key == "kafka", let map = ["client", "secrets"].first(where: { key.hasPrefix($0 + "_") }) {
                    // librdkafka's names have dots, which variables cannot have.
                    path += [map, String(key.dropFirst(map.count + 1).replacing("_", with: "."))]
                } else {
                    path.append(key)
                }
                let leaf = YAMLNode(content: .scalar(value, isPlain: false), place: place)
                changes.append(
                    path.reversed().reduce(leaf) { node, key in
                        YAMLNode(content: .mapping([YAMLNode.Pair(key: key, value: node)]), place: place)
                    })
            }
        }
        return changes
    }

    /// What types alone do not say.
    private func check(_ tree: YAMLNode) throws(ConfigurationError) {
        func place(_ setting: String) -> Place { tree.place(of: setting.split(separator: ".").map(String.init)) }
        func require(_ holds: Bool, _ setting: String, _ message: String) throws(ConfigurationError) {
            if !holds { throw ConfigurationError(place(setting), setting: setting, message) }
        }
        // Of two settings that do not fit each other, the one that was changed is to blame.
        func require(_ holds: Bool, _ setting: String, or other: String, _ message: String) throws(ConfigurationError) {
            guard case .file(Self.defaultsName, _) = place(setting) else { return try require(holds, setting, message) }
            try require(holds, other, message)
        }
        func range<Value: Comparable>(
            _ value: Value, _ bounds: ClosedRange<Value>, _ setting: String
        ) throws(ConfigurationError) {
            let message = "\(value) is out of range; use \(bounds.lowerBound) to \(bounds.upperBound)"
            try require(bounds.contains(value), setting, message)
        }
        let servers = kafka.bootstrapServers
        try require(!servers.isEmpty, "kafka.bootstrap_servers", "name at least one broker, as in 127.0.0.1:9092")
        try require(TopicName.isLegal(kafka.topicPrefix), "kafka.topic_prefix", TopicName.legalCharacters)
        try require(TopicName.isLegal(kafka.groupPrefix), "kafka.group_prefix", TopicName.legalCharacters)
        try require(!state.directory.isEmpty, "state.directory", "name a folder")
        try range(state.checkpointMinutes, 1...10_080, "state.checkpoint_minutes")
        try require(TopicName.isLegal(state.instance), "state.instance", TopicName.legalCharacters)
        try require(!model.path.isEmpty, "model.path", "name the base model's GGUF file")
        try range(model.threads, 0...256, "model.threads")
        try range(window.days, 1...366, "window.days")
        try range(window.bucketHours, 1...24 * 366, "window.bucket_hours")
        try require(
            window.days * 24 % window.bucketHours == 0, "window.bucket_hours", or: "window.days",
            "\(window.days) days are no whole number of buckets of \(window.bucketHours) hours; use a divisor of "
                + "\(window.days * 24)")
        try range(window.cap, 2...4096, "window.cap")
        try range(window.idleMinutes, 1...10_080, "window.idle_minutes")
        try range(recommend.listSize, 1...1000, "recommend.list_size")
        try range(recommend.candidates, 1...10_000, "recommend.candidates")
        try require(
            recommend.candidates >= recommend.listSize, "recommend.candidates", or: "recommend.list_size",
            "\(recommend.candidates) candidates cannot fill a list of \(recommend.listSize); raise recommend.candidates"
        )
        try range(recommend.coalesceMs, 0...3_600_000, "recommend.coalesce_ms")
        try range(recommend.diversity, 0...1, "recommend.diversity")
        try range(recommend.trendingSize, 1...1000, "recommend.trending_size")
        try range(pipeline.batchRecords, 1...100_000, "pipeline.batch_records")
        // Transactions time out after 10 s.
        try range(pipeline.commitIntervalMs, 1...5000, "pipeline.commit_interval_ms")
        try range(pipeline.timerSlice, 1...1_000_000, "pipeline.timer_slice")
        try range(retrain.intervalMinutes, 0...527_040, "retrain.interval_minutes")
        try range(retrain.minimumClicks, 0...1_000_000_000, "retrain.minimum_clicks")
        try range(retrain.minimumNotes, 0...1_000_000_000, "retrain.minimum_notes")
        try range(retrain.steps, 0...100_000, "retrain.steps")
        try range(retrain.horizonDays, 0...36_600, "retrain.horizon_days")
        try range(retrain.rollbackMinutes, 0...527_040, "retrain.rollback_minutes")
        try range(http.connections, 1...1_000_000, "http.connections")
        try range(http.streams, 0...http.connections, "http.streams")
        try require(
            http.certificate.isEmpty == http.key.isEmpty, "http.key",
            "a certificate needs its key, and a key its certificate: set http.certificate and http.key, or neither")
        try require(
            http.advertise.isEmpty || http.advertise.hasPrefix("http://") || http.advertise.hasPrefix("https://"),
            "http.advertise", "'\(http.advertise)' is no URL such as http://10.0.0.5:8080")
        if !http.listen.isEmpty {
            try require(
                http.address != nil, "http.listen",
                "'\(http.listen)' is no address such as 127.0.0.1:8080; use numbers, or leave it empty")
            try require(
                http.address?.isLoopback == true || !http.tokenFile.isEmpty, "http.listen",
                "others could connect to \(http.listen) without a token; set http.token_file, or listen on 127.0.0.1")
        }
    }
}

/// Configuration files as text.
enum TextFile {
    /// 1 MiB is a hundred times what any of them needs.
    private static let sizeLimit = 1 << 20

    static func read(_ path: String) throws(ConfigurationError) -> String {
        let place = Place.file(path, line: 1)
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(
                place, "the file cannot be read (\(reason(error))); check its path and permissions")
        }
        guard data.count <= sizeLimit else {
            throw ConfigurationError(place, "the file has \(data.count) bytes; at most \(sizeLimit) are read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(place, "the file is not UTF-8; save it as UTF-8")
        }
        return text
    }

    static func expandingHome(_ path: String, _ environment: [String: String]) -> String {
        guard path.hasPrefix("~/") else { return path }
        return (environment["HOME"] ?? NSHomeDirectory()) + path.dropFirst(1)
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile: "there is none"
        case .fileReadNoPermission: "no permission"
        default: error.localizedDescription
        }
    }
}

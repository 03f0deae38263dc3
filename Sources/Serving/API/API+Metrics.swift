import Foundation
import Pipeline

extension API {
    /// All metrics of this process.
    func metricsText() -> String {
        var text = MetricsText()
        stageMetrics(&text)
        modelMetrics(&text)
        text.family("notestream_http_streams", .gauge, "Open event streams.", [([], Double(hub.streams))])
        text.family(
            "notestream_stream_events_total", .counter, "Events given to streams.", [([], Double(hub.eventsTotal))])
        ProcessFigures().write(to: &text)
        metrics.write(to: &text)
        return text.text
    }

    private func stageMetrics(_ text: inout MetricsText) {
        let now = stats.statuses.map { (stage: $0.stage, now: $0.now) }
        func family(
            _ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (StageStatus.Snapshot) -> Double
        ) {
            text.family("notestream_" + name, kind, help, now.map { ([("stage", $0.stage)], value($0.now)) })
        }
        family("stage_ready", .gauge, "1 when the stage has caught up and serves.") { $0.isReady ? 1 : 0 }
        family("stage_partitions", .gauge, "Partitions owned.") { Double($0.partitions.count) }
        family("stage_backlog", .gauge, "Work that waits for a later batch, such as lists to be sent.") {
            Double($0.backlog)
        }
        family("stage_records_total", .counter, "Input records applied.") { Double($0.records) }
        family("stage_replayed_records_total", .counter, "Records replayed silently.") { Double($0.replayed) }
        family("stage_output_records_total", .counter, "Output records committed.") { Double($0.outputs) }
        family("stage_batches_total", .counter, "Batches committed.") { Double($0.batches) }
        family("stage_sessions_ended_total", .counter, "Sessions with the broker that ended in an error.") {
            Double($0.sessions)
        }
        family("stage_damaged_stores_total", .counter, "Stores thrown away because they were damaged.") {
            Double($0.damages)
        }
        text.family(
            "notestream_partition_recoveries_total", .counter, "How partitions were found at their assignment.",
            now.flatMap { stage, now in
                now.recoveries.sorted { $0.key < $1.key }.map {
                    ([("stage", stage), ("found", $0.key)], Double($0.value))
                }
            })
        text.family(
            "notestream_dead_letters_total", .counter, "Records set aside, by what is wrong with them.",
            now.flatMap { stage, now in
                now.deadLettersByReason.sorted { $0.key < $1.key }.map {
                    ([("stage", stage), ("reason", $0.key)], Double($0.value))
                }
            })
        text.family(
            "notestream_lag_records", .gauge, "Records of a partition not read yet.",
            now.flatMap { stage, now in
                now.lag.sorted { $0.key < $1.key }.map { place, lag in
                    ([("stage", stage), ("topic", place.topic), ("partition", "\(place.partition)")], Double(lag))
                }
            })
        text.family(
            "notestream_store_bytes", .gauge, "Size of the stage's store on disk.",
            answers.storeBytes.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                ([("stage", $0.key.rawValue)], Double($0.value))
            })
        let phases: [(String, KeyPath<StageStatus.Snapshot, Histogram>)] = [
            ("process", \.processing), ("commit", \.committing), ("store", \.storing),
        ]
        text.histograms(
            "notestream_stage_batch_duration_seconds",
            "Time that a batch took to be worked through, to be committed to Kafka, and to be written to the store.",
            now.flatMap { stage, now in
                phases.map { (labels: [("stage", stage), ("phase", $0.0)], now[keyPath: $0.1]) }
            })
        text.histograms(
            "notestream_stage_batch_records", "Records in a batch.",
            now.map { (labels: [("stage", $0.stage)], $0.now.batchRecords) })
        text.histograms(
            "notestream_freshness_seconds", "Time from a note's record to the commit of the list it caused.",
            now.filter { $0.stage == StageName.recommend.rawValue }.map { (labels: [], $0.now.freshness) })
        for figure in now.flatMap(\.now.figures) {
            text.family(
                "notestream_" + figure.name, figure.kind == .counter ? .counter : .gauge, figure.help,
                [([], figure.value)])
        }
    }

    private func modelMetrics(_ text: inout MetricsText) {
        if let version = answers.modelVersion {
            text.family(
                "notestream_model_version_info", .gauge, "The model version that is to serve.",
                [([("version", version)], 1)])
        }
        let training = retraining.now
        text.family(
            "notestream_retrain_running", .gauge, "1 while this process trains.", [([], training.isRunning ? 1 : 0)])
        text.family(
            "notestream_retrain_runs_total", .counter, "Trainings by how they ended.",
            RetrainStatus.Outcome.allCases.map {
                ([("outcome", $0.rawValue)], Double(training.runs[$0] ?? 0))
            })
        if let last = training.lastPromotion {
            text.family(
                "notestream_retrain_last_promotion_timestamp_seconds", .gauge, "When a version was last promoted.",
                [([], last)])
        }
    }
}

/// What the kernel says of this process.
private struct ProcessFigures {
    func write(to text: inout MetricsText) {
        func gauge(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: Double?) {
            if let value { text.family(name, kind, help, [([], value)]) }
        }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The fields behind the name, which may hold spaces; the first of them is the process's state.
        let fields =
            Self.text("/proc/self/stat").split(separator: ")").last?.split(separator: " ").map(String.init) ?? []
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }
        let cpu = field(14).flatMap { user in field(15).map { (user + $0) / ticks } }
        gauge("process_cpu_seconds_total", .counter, "CPU time of this process.", cpu)
        let boot = Self.text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
        let start = field(22).flatMap { started in boot.map { $0 + started / ticks } }
        gauge("process_start_time_seconds", .gauge, "When this process began, since 1970.", start)
        let pages = field(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        gauge("process_resident_memory_bytes", .gauge, "Resident memory.", pages)
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
        gauge("process_open_fds", .gauge, "Open file descriptors.", open.map(Double.init))
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            gauge("process_max_fds", .gauge, "File descriptors that may be open.", Double(limit.rlim_cur))
        }
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

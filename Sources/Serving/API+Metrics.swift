import Foundation
import Pipeline

extension API {
    /// All metrics of this process.
    package static func metricsText(_ statuses: [StageStatus], version: String?, _ http: HTTPMetrics) -> String {
        var text = MetricsText()
        let now = statuses.map { (stage: $0.stage, now: $0.now) }
        func family(
            _ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (StageStatus.Snapshot) -> Double
        ) {
            text.family("notestream_" + name, kind, help, now.map { ([("stage", $0.stage)], value($0.now)) })
        }
        family("stage_ready", .gauge, "1 when the stage has caught up and serves.") { $0.isReady ? 1 : 0 }
        family("stage_partitions", .gauge, "Partitions owned.") { Double($0.partitions.count) }
        family("stage_records_total", .counter, "Input records applied.") { Double($0.records) }
        family("stage_replayed_records_total", .counter, "Records replayed silently.") { Double($0.replayed) }
        family("stage_output_records_total", .counter, "Output records committed.") { Double($0.outputs) }
        family("stage_batches_total", .counter, "Batches committed.") { Double($0.batches) }
        family("stage_dead_letters_total", .counter, "Records set aside.") { Double($0.deadLetters) }
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
        if let version {
            text.family(
                "notestream_model_version_info", .gauge, "The model version that is to serve.",
                [([("version", version)], 1)])
        }
        if let bytes = residentBytes {
            text.family("process_resident_memory_bytes", .gauge, "Resident memory.", [([], Double(bytes))])
        }
        http.write(to: &text)
        return text.text
    }

    private static var residentBytes: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        return status.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map {
            $0 * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
    }
}

import Foundation
import StateStore

/// Copies of stores, each with the positions it stands at, from which a new instance replays only the rest of the log.
///
/// `FOLDER/<stage>/<instance>/<milliseconds since 1970>`; table files are hard links where the folder lies on the stores' own
/// file system. A copy is made under another name and renamed, so that a half-made one is never taken for whole.
package struct StoreCheckpoints: Sendable {
    /// Where the copies lie: a folder that outlives the machine, and that other instances may share.
    package var folder: String
    /// Time between two copies of a store.
    package var interval: Duration

    private static let kept = 2

    /// Copies in a folder, made from time to time.
    package init(folder: String, interval: Duration) {
        self.folder = folder
        self.interval = interval
    }

    /// Copies a store, and deletes the instance's older copies but one.
    package func write(_ store: Store, _ stage: String, of instance: String) throws {
        let own = "\(folder)/\(stage)/\(instance)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let name = "\(own)/\(Int64(Date().timeIntervalSince1970 * 1000))"
        let unfinished = own + "/unfinished"
        try? FileManager.default.removeItem(atPath: unfinished)
        try store.checkpoint(to: unfinished)
        try FileManager.default.moveItem(atPath: unfinished, toPath: name)
        for old in try stamps(in: own).dropLast(Self.kept) {
            try FileManager.default.removeItem(atPath: "\(own)/\(old)")
        }
    }

    /// Copies the newest checkpoint of a stage, the instance's own before others', to a folder where no store is yet; answers
    /// which, or nil when a store is there or no checkpoint is.
    package func restore(_ stage: String, of instance: String, to directory: String) throws -> String? {
        let files = FileManager.default
        guard !files.fileExists(atPath: directory + "/CURRENT"), let newest = try newest(stage, of: instance) else {
            return nil
        }
        let unfinished = directory + ".restoring"
        try? files.removeItem(atPath: unfinished)
        try files.createDirectory(
            atPath: (directory as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try files.copyItem(atPath: newest, toPath: unfinished)
        try? files.removeItem(atPath: directory)
        try files.moveItem(atPath: unfinished, toPath: directory)
        return newest
    }

    private func newest(_ stage: String, of instance: String) throws -> String? {
        let all = "\(folder)/\(stage)"
        guard FileManager.default.fileExists(atPath: all) else { return nil }
        if let own = try newest(in: "\(all)/\(instance)") { return own.path }
        let others = try FileManager.default.contentsOfDirectory(atPath: all).compactMap {
            try newest(in: "\(all)/\($0)")
        }
        return others.max { $0.stamp < $1.stamp }?.path
    }

    private func newest(in own: String) throws -> (stamp: Int64, path: String)? {
        guard FileManager.default.fileExists(atPath: own) else { return nil }
        return try stamps(in: own).last.map { ($0, "\(own)/\($0)") }
    }

    private func stamps(in own: String) throws -> [Int64] {
        try FileManager.default.contentsOfDirectory(atPath: own).compactMap { Int64($0) }.sorted()
    }
}

extension StageSession {
    /// Copies the store when it is time. A copy that fails is told and changes nothing: it only saves time.
    func writeCheckpointIfDue() {
        guard let checkpoints = environment.checkpoints, ContinuousClock.now - checkpointed >= checkpoints.interval,
            unprepared.isEmpty, !owned.values.contains(where: \.isSilent)
        else { return }
        checkpointed = .now
        do {
            try checkpoints.write(store, Stage.name, of: environment.instanceID)
            environment.logger.info("checkpoint written", ["stage": Stage.name])
        } catch {
            environment.logger.warning(
                "no checkpoint could be written; the next attempt comes in its turn",
                ["stage": Stage.name, "error": "\(error)"])
        }
    }
}

import Foundation

/// Where an interrupted training stands: enough to go on as if nothing had happened, to the last bit.
package struct Checkpoint: Codable, Equatable {
    /// Of everything that the training depends on; another one starts over.
    package var fingerprint: String
    /// Where the snapshot ended, by topic and partition.
    package var ends: [String: [Int64]]
    /// What the finished candidates reached on the choosing slice.
    package var chooseMRRs: [Double] = []
    /// All steps so far.
    package var losses: [LossRow] = []
    /// The state of the training under way; nil between two.
    package var training: Data?

    /// Before the first step.
    package init(fingerprint: String, ends: [String: [Int64]]) {
        self.fingerprint = fingerprint
        self.ends = ends
    }
}

/// The file of the checkpoint.
package struct CheckpointFile: Sendable {
    package let path: String

    package init(folder: String) { path = folder + "/checkpoint.plist" }

    /// The checkpoint; nil where there is none, or none that can be read: then the training starts over.
    package func load() -> Checkpoint? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return try? PropertyListDecoder().decode(Checkpoint.self, from: data)
    }

    /// Replaces the checkpoint at once.
    package func save(_ checkpoint: Checkpoint) throws {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        do {
            try encoder.encode(checkpoint).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw RetrainError(
                .file, "\(path) cannot be written (\(error.localizedDescription)): check the disk and the permissions.")
        }
    }

    package func remove() { try? FileManager.default.removeItem(atPath: path) }
}

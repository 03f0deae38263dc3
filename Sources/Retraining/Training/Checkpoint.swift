import Foundation

/// Where an interrupted training stands: enough to go on as if nothing had happened, to the last bit.
struct Checkpoint: Codable, Equatable {
    /// Of everything that the training depends on; another one starts over.
    var fingerprint: String
    /// Where the snapshot ended, by topic and partition.
    var ends: [String: [Int64]]
    /// What the finished candidates reached on the choosing slice.
    var chooseMRRs: [Double] = []
    /// All steps so far.
    var losses: [LossRow] = []
    /// The state of the training under way; nil between two.
    var training: Data?
}

/// The file of the checkpoint.
struct CheckpointFile: Sendable {
    let path: String

    init(folder: String) { path = folder + "/checkpoint.plist" }

    /// The checkpoint; nil where there is none, or none that can be read: then the training starts over.
    func load() -> Checkpoint? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return try? PropertyListDecoder().decode(Checkpoint.self, from: data)
    }

    /// Replaces the checkpoint at once.
    func save(_ checkpoint: Checkpoint) throws {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        do {
            try encoder.encode(checkpoint).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw RetrainError(
                .file, "\(path) cannot be written (\(error.localizedDescription)): check the disk and the permissions.")
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

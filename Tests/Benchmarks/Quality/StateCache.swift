import Foundation
import NoteLLM

/// Pooled states on disk, so that a second run reads only the notes that it has not seen: one file per reading, in which each
/// note takes the 16 bytes of its text's hash and its state in half precision.
struct StateCache {
    private let folder: URL
    private let encoder: NoteEncoder
    private let threads: Int
    private let progress: @Sendable (_ done: Int, _ total: Int) -> Void

    /// Notes that are read before they are written down: little is lost when a run is broken off.
    private static let chunk = 512
    private static let hashBytes = 16

    /// - Parameter folder: made when missing.
    init(
        folder: URL, encoder: NoteEncoder, threads: Int,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) {
        self.folder = folder
        self.encoder = encoder
        self.threads = threads
        self.progress = progress
    }

    /// The states of `texts`, in their order; those not in the file are read and added to it.
    ///
    /// - Parameter baseModelSHA256: part of the file's name, beside the reading.
    func states(of texts: [NoteText], baseModelSHA256: String) throws -> [[Float]] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let reading = encoder.reading
        let name = "\(baseModelSHA256.prefix(16))-\(reading.pooling.rawValue)-\(reading.layer).states"
        let file = folder.appending(path: name)
        var known = try Self.read(file, width: encoder.width)

        let hashes = texts.map { ContentHash($0).bytes }
        var seen = Set(known.keys)
        let missing = texts.indices.filter { seen.insert(hashes[$0]).inserted }
        for start in stride(from: 0, to: missing.count, by: Self.chunk) {
            let part = missing[start..<min(start + Self.chunk, missing.count)]
            let states = try encoder.pooledStates(of: part.map { texts[$0] }, threads: threads) { [progress] done, _ in
                progress(start + done, missing.count)
            }
            let lines = zip(part, states).flatMap { hashes[$0] + Half.encoded($1) }
            try Self.append(lines, to: file)
            for (place, state) in zip(part, states) { known[hashes[place]] = state }
        }
        return hashes.compactMap { known[$0] }
    }

    private static func read(_ file: URL, width: Int) throws -> [[UInt8]: [Float]] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
        let bytes = try [UInt8](Data(contentsOf: file))
        let size = hashBytes + 2 * width
        var states: [[UInt8]: [Float]] = [:]
        for start in stride(from: 0, to: bytes.count - bytes.count % size, by: size) {
            let hash = Array(bytes[start..<start + hashBytes])
            states[hash] = Half.decoded(Array(bytes[start + hashBytes..<start + size]))
        }
        // A run that was killed while it wrote leaves part of a line: the next one is put in its place.
        if bytes.count % size != 0 {
            try Data(bytes.prefix(bytes.count - bytes.count % size)).write(to: file, options: .atomic)
        }
        return states
    }

    private static func append(_ bytes: [UInt8], to file: URL) throws {
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
    }
}

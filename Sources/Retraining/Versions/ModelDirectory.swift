import Foundation
import NoteLLM

/// The versions trained here, a folder each: the artefact, what it says about itself, what the gate found and the loss
/// curve. The topic model-updates is what counts; this is for people, and for taking a version elsewhere.
public struct ModelDirectory: Sendable {
    /// What `manifest.json` holds.
    private struct Listing: Encodable {
        var version: String
        /// Sizes and SHA-256 sums of the other files.
        var files: [String: File]
        var manifest: VersionManifest

        struct File: Encodable {
            var bytes: Int
            var sha256: String

            init(_ content: [UInt8]) {
                bytes = content.count
                sha256 = SHA256.hex(SHA256.hash(content))
            }
        }
    }

    static let artefact = "model.safetensors"
    static let report = "report.json"
    static let losses = "loss.tsv"
    static let listing = "manifest.json"
    /// Besides those asked for so many of the newest versions are kept.
    private static let kept = 8

    /// Where the folders lie.
    public let path: String

    /// The models of a state directory.
    public init(stateDirectory: String) { path = stateDirectory + "/models" }

    /// The folder of a version.
    public func folder(of version: String) -> String { path + "/" + version }

    /// Writes a version; it is there whole or not at all.
    public func write(_ version: ModelVersion, report: RetrainReport, losses: [LossRow]) throws {
        let manager = FileManager.default
        let draft = path + "/.\(version.id).\(UUID().uuidString)"
        try manager.createDirectory(atPath: draft, withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: draft) }
        let contents = [
            Self.artefact: version.artefact, Self.report: Array((try report.json + "\n").utf8),
            Self.losses: Array(LossRow.table(losses).utf8),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let listing = Listing(
            version: version.id, files: contents.mapValues(Listing.File.init), manifest: version.manifest)
        for (name, bytes) in contents { try Self.write(Data(bytes), draft + "/" + name) }
        try Self.write(encoder.encode(listing), draft + "/" + Self.listing)
        let folder = folder(of: version.id)
        if manager.fileExists(atPath: folder) { try manager.removeItem(atPath: folder) }
        try manager.moveItem(atPath: draft, toPath: folder)
    }

    /// The versions that are there, in the order of their writing.
    public var versions: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.map { name in (name: name, written: written(name)) }
            .sorted { ($0.written, $0.name) < ($1.written, $1.name) }.map(\.name)
    }

    /// Deletes all but the newest versions and those in `keeping`.
    func prune(keeping: Set<String>) {
        for version in versions.filter({ !keeping.contains($0) }).dropLast(Self.kept) {
            try? FileManager.default.removeItem(atPath: folder(of: version))
        }
    }

    private func written(_ version: String) -> Date {
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder(of: version) + "/" + Self.listing)
        return attributes?[.modificationDate] as? Date ?? .distantPast
    }

    /// With the bytes on the disk before the folder gets its name.
    private static func write(_ data: Data, _ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw RetrainError(.file, "\(path) cannot be written: check the disk and the permissions.") }
        defer { try? handle.close() }
        try handle.write(contentsOf: data)
        try handle.synchronize()
    }
}

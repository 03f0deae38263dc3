// How a version travels through a topic: its artefact in chunks, then one announcement.

/// What is said of an artefact once all its chunks are sent. Whoever has the announcement knows what to wait for.
public struct ModelAnnouncement: Sendable, Equatable {
    /// The version's id.
    public let version: String
    /// The version's manifest as JSON, for people and tools that do not load the artefact.
    public let manifest: String
    /// How many chunks there are.
    public let chunks: Int
    /// How long the artefact is.
    public let bytes: Int
    /// The artefact's SHA-256 in hexadecimal.
    public let sha256: String

    /// An announcement as it was received.
    public init(version: String, manifest: String, chunks: Int, bytes: Int, sha256: String) {
        self.version = version
        self.manifest = manifest
        self.chunks = chunks
        self.bytes = bytes
        self.sha256 = sha256
    }
}

extension ModelVersion {
    /// A chunk is no longer than this.
    public static let maximumChunkBytes = 512 << 10

    /// The artefact cut into pieces that a topic takes, in order.
    public var chunks: [[UInt8]] {
        stride(from: 0, to: artefact.count, by: Self.maximumChunkBytes).map {
            Array(artefact[$0..<min($0 + Self.maximumChunkBytes, artefact.count)])
        }
    }

    /// What to send after ``chunks``.
    public func announcement() throws(NoteLLMError) -> ModelAnnouncement {
        ModelAnnouncement(
            version: id, manifest: try Self.json(manifest), chunks: chunks.count, bytes: artefact.count,
            sha256: SHA256.hex(SHA256.hash(artefact)))
    }
}

/// Puts a version together from chunks that may come in any order, doubled, or not at all.
public struct ModelAssembly: Sendable {
    /// What was announced.
    public let announcement: ModelAnnouncement
    private var pieces: [[UInt8]?]

    /// Waits for the announced chunks.
    ///
    /// - Throws: ``NoteLLMError`` of kind `chunks` when what is announced cannot be a version.
    public init(_ announcement: ModelAnnouncement) throws(NoteLLMError) {
        let size = ModelVersion.maximumChunkBytes
        guard announcement.bytes > 0, announcement.bytes <= ModelVersion.maximumArtefactBytes,
            announcement.chunks == (announcement.bytes + size - 1) / size
        else {
            throw NoteLLMError(
                .chunks,
                "Model version \(announcement.version) is announced with \(announcement.bytes) bytes in "
                    + "\(announcement.chunks) chunks, which cannot be. Publish it again.")
        }
        self.announcement = announcement
        pieces = Array(repeating: nil, count: announcement.chunks)
    }

    /// The chunks that have not come yet.
    public var missing: [Int] { pieces.indices.filter { pieces[$0] == nil } }

    /// Takes one chunk. A chunk sent again replaces the earlier one.
    ///
    /// - Throws: ``NoteLLMError`` of kind `chunks` for an index or a length that was not announced.
    public mutating func add(_ index: Int, _ bytes: [UInt8]) throws(NoteLLMError) {
        let size = ModelVersion.maximumChunkBytes
        guard pieces.indices.contains(index), bytes.count == min(size, announcement.bytes - index * size) else {
            throw NoteLLMError(
                .chunks,
                "Chunk \(index) with \(bytes.count) bytes is not one of the \(pieces.count) of model version "
                    + "\(announcement.version).")
        }
        pieces[index] = bytes
    }

    /// The version.
    ///
    /// - Throws: ``NoteLLMError`` of kind `chunks` when some are missing or the whole is not what was announced, of kind
    ///   `artefact` when it is but cannot be read.
    public func version() throws(NoteLLMError) -> ModelVersion {
        guard missing.isEmpty else {
            throw NoteLLMError(
                .chunks, "Model version \(announcement.version) lacks \(missing.count) of its \(pieces.count) chunks.")
        }
        let artefact = pieces.flatMap { $0 ?? [] }
        guard SHA256.hex(SHA256.hash(artefact)) == announcement.sha256,
            ModelVersion.id(of: artefact) == announcement.version
        else {
            throw NoteLLMError(
                .chunks,
                "The chunks of model version \(announcement.version) do not have the announced SHA-256. Publish it again."
            )
        }
        return try ModelVersion(artefact: artefact)
    }
}

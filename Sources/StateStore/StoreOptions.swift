/// How much memory and how many files one store may use.
///
/// The block cache (which also holds indexes and filters) and the write buffers are shared by all column families, so
/// that memory stays near `blockCacheBytes + writeBuffersBytes` however many families there are.
public struct StoreOptions: Sendable, Equatable {
    /// Cache of blocks, indexes and filters of all families, in bytes.
    public var blockCacheBytes: Int
    /// Memory of all families' write buffers together, in bytes; beyond it the oldest are flushed.
    public var writeBuffersBytes: Int
    /// Open table files at most.
    public var maximumOpenFiles: Int
    /// Threads for flushes and compactions.
    public var backgroundJobs: Int
    /// Whether to make the folder when there is none; otherwise its absence is an error.
    public var createIfMissing: Bool

    /// Options for one machine: 64 MiB of cache, 64 MiB of write buffers, 512 files, 2 background threads.
    public init(
        blockCacheBytes: Int = 64 << 20, writeBuffersBytes: Int = 64 << 20, maximumOpenFiles: Int = 512,
        backgroundJobs: Int = 2, createIfMissing: Bool = true
    ) {
        self.blockCacheBytes = blockCacheBytes
        self.writeBuffersBytes = writeBuffersBytes
        self.maximumOpenFiles = maximumOpenFiles
        self.backgroundJobs = backgroundJobs
        self.createIfMissing = createIfMissing
    }
}

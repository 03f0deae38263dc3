/// What went wrong in a store, where, and what helps.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of failure a caller tells apart.
    public enum Kind: Sendable, Equatable {
        /// Another process or another `Store` holds the folder.
        case locked
        /// The files, or a value in them, are not what was written: wipe the store and replay.
        case corrupted
        /// Another version of the program, or another stage, wrote the store: wipe it and replay.
        case otherVersion
        /// The disk or its quota is full.
        case noSpace
        /// The store was closed.
        case closed
        /// A family that was not opened, a malformed merge operand, a change during a scan: a mistake of the caller.
        case invalidArgument
        /// Any other failure of the file system or of RocksDB.
        case io
    }

    /// The class of the failure.
    public let kind: Kind
    /// The store's folder; empty where the failure is in a key's or value's bytes alone.
    public let path: String
    /// What happened, and what to do.
    public let message: String

    /// Makes an error; `message` says what happened, to which key, and what to do.
    public init(_ kind: Kind, path: String = "", _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    /// One line for logs.
    public var description: String { path.isEmpty ? message : "store \(path): \(message)" }
}

extension StoreError {
    /// Classifies RocksDB's status text, the only thing its C API hands over.
    package init(status: String, path: String) {
        if status.contains("/LOCK") || status.contains("lock hold by current process") {
            self.init(
                .locked, path: path,
                "in use by another process or another open store; stop that one or choose another state directory"
                    + " (\(status))")
        } else if status.contains("No space left") || status.contains("Disk quota exceeded")
            || status.contains("Space limit reached")
        {
            self.init(.noSpace, path: path, "the disk is full; free space and start again (\(status))")
        } else if status.hasPrefix("Corruption") {
            self.init(
                .corrupted, path: path,
                "damaged; delete this folder and start again, the topics hold everything (\(status))")
        } else if status.hasPrefix("Invalid argument") {
            self.init(.invalidArgument, path: path, status)
        } else {
            self.init(.io, path: path, status)
        }
    }
}

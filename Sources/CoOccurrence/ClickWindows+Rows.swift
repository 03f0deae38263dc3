import StateStore

/// A user's row as others may see it.
public struct UserWindowRow: Sendable {
    /// One note of the row, at its latest click.
    public struct Click: Sendable, Equatable {
        /// The note's id.
        public let note: [UInt8]
        /// The click's event time.
        public let time: Int64
        /// What its pairs were last sent with: ``PairScore/one`` divided by the notes the row then had.
        public let weight: Int64
    }

    /// The user's id.
    public let user: [UInt8]
    /// Stream time of the last click counted.
    public let lastActive: Int64
    /// The row's clicks, in order of arrival.
    public let clicks: [Click]
}

extension ClickWindows {
    /// Visits all rows by user, in byte order: what the partition's digest is made of. When timers are stored is not
    /// part of it; when they fire follows from the row.
    public func forEachUser(
        in reader: some StateReader, _ body: (UserWindowRow) throws(StoreError) -> Void
    ) throws(StoreError) {
        let prefix = KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes
        try reader.scan(Self.rows, prefix: prefix) { key, value throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.uint32()
            let user = try parts.id()
            try body(UserWindowRow(user, try UserWindow(value, settings)))
            return true
        }
    }

    /// One user's row; nil where they have none in this partition.
    public func user(_ user: [UInt8], in reader: some StateReader) throws(StoreError) -> UserWindowRow? {
        try row(of: user, in: reader).map { UserWindowRow(user, $0) }
    }
}

extension UserWindowRow {
    fileprivate init(_ user: [UInt8], _ row: UserWindow) {
        self.user = user
        lastActive = row.lastActive
        clicks = row.clicks.map { click in
            Click(
                note: Array(row.notes[click.start..<click.start + click.count]), time: click.time, weight: click.weight)
        }
    }
}

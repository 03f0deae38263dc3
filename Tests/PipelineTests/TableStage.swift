import Configuration
import EventLog
import Pipeline
import Schemas
import StateStore
import Synchronization

/// What a ``TableStage`` went through, for those who watch it from another thread.
final class TableWatch: Sendable {
    struct Seen {
        var table: [String: Int] = [:]
        /// A value that came after a larger one of its key.
        var stepsBack = 0
        /// Records of its own output that were handed back.
        var restored = 0
        /// The table's sum when partitions were assigned.
        var atAssignment: [Int] = []
    }
    private let seen = Mutex(Seen())
    var now: Seen { seen.withLock { $0 } }
    func note(_ change: (inout sending Seen) -> Void) { seen.withLock { change(&$0) } }
}

/// Keeps a global table of growing numbers in memory and in its store; says each input record again as its own output.
final class TableStage: StreamStage {
    static let name = "table"
    static let inputTopic = TopicName.clicks
    static let globalTopics = [TopicName.noteProfiles]
    static let ownOutputTopic: TopicName? = .noteRecommendations
    static let families = [rows]
    private static let rows = ColumnFamily("rows")

    private let store: Store
    private let watch: TableWatch

    init(store: Store, watch: TableWatch) throws {
        self.store = store
        self.watch = watch
        try reload()
    }

    func decode(_ record: Record) throws(SchemaError) -> [UInt8] { record.value ?? [] }

    func process(_ input: [UInt8], of partition: Int32, in batch: StageBatch) throws {
        batch.send(to: .noteRecommendations, partition: partition, key: input, value: input)
    }

    func processGlobal(_ record: Record, in batch: StageBatch) throws {
        let key = text(record.key)
        guard let number = Int(text(record.value)) else { throw SchemaError(.missing, field: "number") }
        try batch.changes.put(Self.rows, bytes(key), bytes("\(number)"))
        watch.note {
            if number < $0.table[key] ?? 0 { $0.stepsBack += 1 }
            $0.table[key] = number
        }
    }

    func finish(_ batch: StageBatch) throws {}

    func restoreOwnOutput(_ record: Record, in batch: StageBatch) throws { watch.note { $0.restored += 1 } }

    func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws {
        watch.note { $0.atAssignment.append($0.table.values.reduce(0, +)) }
    }

    func wipeGlobals(in batch: StageBatch) throws { try batch.changes.wipe(Self.rows, prefix: []) }

    func reload() throws {
        var table: [String: Int] = [:]
        try store.scan(Self.rows, prefix: []) { key, value throws(StoreError) in
            table[text([UInt8](key))] = Int(text([UInt8](value)))
            return true
        }
        watch.note { [table] in $0.table = table }
    }
}

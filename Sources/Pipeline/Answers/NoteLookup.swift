import CoOccurrence
import EventLog
import NoteLLM
import Schemas
import StateStore
import Synchronization

/// Looks notes up in the recommend stage's store while the stage runs, from any thread, without keeping it waiting.
package final class NoteLookup: Sendable {
    private let partitions: Int32
    private let choice: @Sendable () -> ModelChoice
    private let store = OpenStore()
    private let written = WrittenLists()

    /// - Parameters:
    ///   - partitions: of note-recommendations.
    ///   - choice: the model versions that count now.
    init(partitions: Int32, choice: @escaping @Sendable () -> ModelChoice) {
        self.partitions = partitions
        self.choice = choice
    }

    /// Looks from now on in a store that was just opened.
    func attach(_ store: Store) { self.store.attach(store) }

    /// The partition of note-recommendations that a note belongs to.
    package func partition(of note: [UInt8]) -> Int32 { Partitioner.partition(for: note, count: partitions) }

    /// A note's profile under the model version that serves; nil where none of this id is alive.
    ///
    /// - Throws: ``AnswerRefusal`` when there is no store to look in.
    package func profile(_ id: [UInt8]) throws -> NoteProfile? { try profiles([id])[id] }

    /// The version that lists and profiles are of now.
    package func servingVersion() throws -> ModelVersion {
        try store.read { try RecommendStage.servingVersion(choice(), in: $0) }
    }

    /// The profiles of those that are alive.
    package func profiles(_ ids: some Sequence<[UInt8]>) throws -> [[UInt8]: NoteProfile] {
        try store.read { store in
            let snapshot = try store.snapshot()
            let version = try RecommendStage.servingVersion(choice(), in: snapshot).id
            return try ids.reduce(into: [:]) { found, id in
                found[id] = try Profiles.profile(of: id, version, in: snapshot)
            }
        }
    }

    /// The last list sent of a note, as JSON; nil where none was, or where it was another instance's to send.
    ///
    /// - Parameter count: entries at most.
    package func list(of note: [UInt8], count: Int) throws -> [UInt8]? {
        try store.read { store in
            guard let stored = try EmittedLists.lastBytes(of: note, partition(of: note), in: store) else { return nil }
            return try written.json(of: note, count, stored)
        }
    }
}

/// Lists as JSON, kept while what they were written from stays the same: a popular note is asked for far more often than
/// its list changes.
private final class WrittenLists: Sendable {
    private struct Key: Hashable {
        var note: [UInt8]
        var count: Int
    }

    private static let most = 4_096
    private let lists = Mutex<[Key: (stored: [UInt8], json: [UInt8])]>([:])

    func json(of note: [UInt8], _ count: Int, _ stored: [UInt8]) throws -> [UInt8] {
        let key = Key(note: note, count: count)
        if let known = lists.withLock({ $0[key] }), known.stored == stored { return known.json }
        var list = try RecommendationList(protobuf: stored)
        if list.items.count > count { list.items.removeSubrange(count...) }
        let json = try list.encode(as: .json)
        lists.withLock { lists in
            if lists.count >= Self.most { lists.removeAll(keepingCapacity: true) }
            lists[key] = (stored, json)
        }
        return json
    }
}

/// Looks users up in the session stage's store while the stage runs, from any thread.
package final class UserLookup: Sendable {
    private let windows: @Sendable (Int32) -> ClickWindows
    private let store = OpenStore()

    init(settings: WindowSettings) { windows = { ClickWindows(partition: $0, settings: settings) } }

    func attach(_ store: Store) { self.store.attach(store) }

    /// What a user clicked in the window, the latest first; nil where these partitions of clicks know nothing of them.
    package func clicks(of user: [UInt8], in partitions: [Int32]) throws -> [UserWindowRow.Click]? {
        try store.read { store in
            for partition in partitions {
                guard let row = try windows(partition).user(user, in: store) else { continue }
                return row.clicks.sorted {
                    $0.time != $1.time ? $0.time > $1.time : $1.note.lexicographicallyPrecedes($0.note)
                }
            }
            return nil
        }
    }
}

/// A stage's store as other threads see it: not there yet, open, or closed again.
final class OpenStore: Sendable {
    private let store = Mutex<Store?>(nil)

    func attach(_ store: Store) { self.store.withLock { $0 = store } }

    /// - Throws: ``AnswerRefusal`` when there is none, or it was just closed.
    func read<Result>(_ body: (Store) throws -> Result) throws -> Result {
        guard let store = store.withLock({ $0 }) else { throw AnswerRefusal.notReady("the store is being opened") }
        do {
            return try body(store)
        } catch {
            guard let error = error as? StoreError, error.kind == .closed else { throw error }
            throw AnswerRefusal.notReady("the store is being opened again")
        }
    }
}

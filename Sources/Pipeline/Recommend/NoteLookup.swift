import EventLog
import Schemas
import StateStore
import Synchronization

/// Looks notes up in the recommend stage's store while the stage runs, from any thread, without keeping it waiting.
public final class NoteLookup: Sendable {
    private let partitions: Int32
    private let choice: @Sendable () -> ModelChoice
    private let store = Mutex<Store?>(nil)

    /// - Parameters:
    ///   - partitions: of note-recommendations.
    ///   - choice: the model versions that count now.
    init(partitions: Int32, choice: @escaping @Sendable () -> ModelChoice) {
        self.partitions = partitions
        self.choice = choice
    }

    /// Looks from now on in a store that was just opened.
    func attach(_ store: Store) { self.store.withLock { $0 = store } }

    /// A note under the model version that serves.
    public struct Found: Sendable {
        /// Its profile.
        public var profile: NoteProfile
        /// The last list sent of it; nil where another instance owns the note, or none was sent yet.
        public var list: RecommendationList?
    }

    /// Finds a note; nil where none of this id is alive.
    ///
    /// - Throws: ``NotReady`` when there is no store to look in.
    public func note(_ id: [UInt8]) throws -> Found? {
        guard let store = store.withLock({ $0 }) else { throw NotReady() }
        do {
            let snapshot = try store.snapshot()
            let version = try RecommendStage.servingVersion(choice(), in: snapshot).id
            guard let profile = try Profiles.profile(of: id, version, in: snapshot) else { return nil }
            let partition = Partitioner.partition(for: id, count: partitions)
            return Found(profile: profile, list: try EmittedLists.last(of: id, partition, in: snapshot))
        } catch {
            guard let error = error as? StoreError, error.kind == .closed else { throw error }
            throw NotReady()
        }
    }

    /// The recommend stage has not opened its store yet, or just opens another one.
    public struct NotReady: Error {}
}

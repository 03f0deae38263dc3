import NoteLLM
import StateStore

/// From one generation to the next: profiles of the chosen version are kept as they come and indexed when there is time;
/// once all have been read and indexed, lists are served from the new generation, from one batch to the next.
extension RecommendStage {
    /// Nothing → the version whose generation serves.
    static let servingVersion = ColumnFamily("serving-version")
    /// Nothing → the version whose generation is prepared, and whose changes are noted for it.
    static let nextVersion = ColumnFamily("next-version")

    /// The generation to begin with: the stored one; where nothing is stored, the one that served until all profiles under
    /// the chosen version were there, since nobody knows yet whether they are.
    static func servingGeneration(_ choice: ModelChoice, _ store: Store) throws -> Generation {
        try Generation(servingVersion(choice, in: store), store: store)
    }

    static func servingVersion(_ choice: ModelChoice, in reader: some StateReader) throws -> ModelVersion {
        let stored = try version(servingVersion, reader)
        return choice.kept.first { $0.id == stored } ?? choice.previous ?? choice.target
    }

    static func version(_ family: ColumnFamily, _ reader: some StateReader) throws -> String? {
        try reader.get(family, []).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Indexes for about `budget` what waits for it, and flips when nothing does.
    func goOnSwapping(_ budget: Duration, in batch: StageBatch) throws {
        guard try prepareNext(in: batch), let next else { return }
        let end = ContinuousClock.now + budget
        while let note = unindexed.first(1, where: { _ in true }).first, ContinuousClock.now < end {
            unindexed.remove(note)
            try Profiles.markIndexed(note, next.version.id, in: batch.changes)
            if let profile = try Profiles.profile(of: note, next.version.id, in: batch.changes) {
                try next.index(profile, of: note, in: batch.changes)
            } else {
                try next.remove(note, in: batch.changes)
            }
        }
        guard unindexed.isEmpty, try Profiles.isComplete(next.version.id, batch.topics, in: batch.changes) else {
            return
        }
        try flip(to: next, in: batch)
    }

    /// Opens the chosen version's generation beside the serving one; false when the chosen one serves already.
    private func prepareNext(in batch: StageBatch) throws -> Bool {
        let target = latestChoice().target
        if let version = preparing, version != target.id { try dropNext(version, in: batch) }
        guard serving.version.id != target.id else { return false }
        guard next == nil else { return true }
        let generation = try Generation(target, store: store)
        if preparing == nil {
            // From now on changes are noted as they come; what came before is all to be indexed.
            preparing = target.id
            try batch.changes.put(Self.nextVersion, [], Array(target.id.utf8))
            for note in try Profiles.notes(target.id, in: batch.changes) {
                try Profiles.markUnindexed(note, target.id, in: batch.changes)
            }
        }
        next = generation
        unindexed.removeAll()
        for note in try Profiles.unindexed(target.id, in: batch.changes) { unindexed.insert(note) }
        logger.info(
            "preparing a generation",
            ["stage": Self.name, "version": target.id, "serving": serving.version.id])
        return true
    }

    private func dropNext(_ version: String, in batch: StageBatch) throws {
        try Generation.wipe(version, in: batch.changes)
        try forgetNext(version, in: batch)
    }

    private func forgetNext(_ version: String, in batch: StageBatch) throws {
        try Profiles.forgetUnindexed(version, in: batch.changes)
        try batch.changes.delete(Self.nextVersion, [])
        unindexed.removeAll()
        next = nil
        preparing = nil
    }

    /// Serves from the next generation from now on: every owned list is due.
    private func flip(to generation: Generation, in batch: StageBatch) throws {
        let old = serving
        serving = generation
        try forgetNext(generation.version.id, in: batch)
        try batch.changes.put(Self.servingVersion, [], Array(generation.version.id.utf8))
        try Generation.wipe(old.version.id, in: batch.changes)
        try fillTrending(batch.changes)
        trending.markAll()
        for partition in owned.sorted() {
            try EmittedLists.forEach(of: partition, in: batch.changes) { note, _ in
                try markChanged(note, partition, in: batch)
            }
        }
        // Under the old version a note may have had no list.
        try notes.forEach { _, note in try markChanged(note.id, partition(of: note.id), in: batch) }
        logger.notice(
            "lists are of another model version now",
            ["stage": Self.name, "version": generation.version.id, "before": old.version.id])
    }

    /// Before anything is emitted for a new partition: what has been read may show the swap to be over.
    func finishSwapIfComplete(in batch: StageBatch) throws {
        guard try prepareNext(in: batch), let next,
            try Profiles.isComplete(next.version.id, batch.topics, in: batch.changes)
        else { return }
        try goOnSwapping(.seconds(86_400), in: batch)
    }
}

import CoOccurrence
import EventLog
import LexicalIndex
import Ranking
import Schemas
import StateStore
import VectorIndex

/// The lists of related notes: which are due, how one is made, when it is sent.
extension RecommendStage {
    /// At most this many lists in one batch, so that a burst of changes never makes a long transaction.
    private static let listsPerBatch = 256
    /// And for no longer than this, so that new notes do not wait behind lists that merely changed.
    private static let listsPerBatchTime = Duration.milliseconds(100)

    // MARK: - What is due

    /// The list goes out with this batch: the note is new, edited or deleted.
    func markUrgent(_ note: [UInt8], in batch: StageBatch) throws {
        let partition = partition(of: note)
        try markDue(note, partition, in: batch)
        if owns(partition) { urgent.insert(note) }
    }

    /// The list may have changed; it is made anew after the coalescing time.
    func markChanged(_ note: [UInt8], _ partition: Int32, in batch: StageBatch) throws {
        guard !changed.contains(note) else { return }  // its mark is in the store already
        try markDue(note, partition, in: batch)
        if owns(partition) { changed.insert(note) }
    }

    /// The mark is in the store too, since the record that caused it is not read again once its position is committed; and
    /// in it for partitions that are not owned as well, since nobody may own them while they move. Only a deleted note
    /// there needs none: whoever takes the partition over looks for lists without a living note (`reconcile`), and marks of
    /// all notes that ever were would add up.
    private func markDue(_ note: [UInt8], _ partition: Int32, in batch: StageBatch) throws {
        if owns(partition) || notes.label(of: note) != nil {
            try EmittedLists.markDue(note, partition, in: batch.changes)
        } else {
            try EmittedLists.clearDue(note, partition, in: batch.changes)
        }
    }

    /// Marks the notes near a note: its place in their lists may have changed.
    /// - Parameter isEdit: the note was alive before, so that those it was clicked with do not await it.
    func markNeighbours(of label: UInt32, isEdit: Bool, in batch: StageBatch) throws {
        guard let own = notes[label], let vector = vectors.vector(label) else { return }
        for (partition, naming) in try EmittedLists.mentioning(own.id, in: batch.changes) {
            try markChanged(naming, partition, in: batch)
        }
        var near = Set(try vectors.search(vector, count: configuration.candidates, excluding: label).map(\.label))
        near.formUnion(lexicon.search(like: label, count: configuration.candidates).map(\.label))
        for other in near {
            guard let note = notes[other] else { continue }
            let partition = partition(of: note.id)
            if try mayEnter(label, own.id, isEdit: isEdit, listOf: other, note.id, partition, in: batch) {
                try markChanged(note.id, partition, in: batch)
            }
        }
    }

    /// Whether a note would win a place in another note's list as it was last sent. Only an owner knows that.
    private func mayEnter(
        _ label: UInt32, _ note: [UInt8], isEdit: Bool, listOf other: UInt32, _ id: [UInt8], _ partition: Int32,
        in batch: StageBatch
    ) throws -> Bool {
        guard owns(partition), !changed.contains(id) else { return true }
        guard let last = try EmittedLists.last(of: id, partition, in: batch.changes),
            last.items.count >= configuration.listSize, let worst = last.items.map(\.score).min()
        else { return true }
        guard var features = try textFeatures(of: [label], for: other).first else { return false }
        if RelatedRanker.score(features, relatedWeights) >= worst { return true }
        guard isEdit, let pair = try pairRows(partition).row(id, in: batch.changes).first(where: { $0.note == note })
        else { return false }
        features.cooccurrence = RelatedFeatures.shrink(pair.sum.score)
        return RelatedRanker.score(features, relatedWeights) >= worst
    }

    private var relatedWeights: RelatedWeights { serving.relatedWeights }

    // MARK: - Making a list

    /// Makes the list of one note from the present state.
    /// - Parameter exact: compares with every note instead of searching, for those who compare states.
    package func related(to label: UInt32, in reader: some StateReader, exact: Bool = false) throws -> RelatedList {
        var all: [UInt32]?
        if exact {
            all = []
            notes.forEach { other, _ in all?.append(other) }
        }
        let candidates = try candidates(for: label, among: all, in: reader)
        return RelatedList(
            items: RelatedRanker.rank(
                candidates.found, weights: relatedWeights, count: configuration.listSize,
                diversity: configuration.diversity
            ) { [vectors] in Double(vectors.similarity($0, $1) ?? 0) },
            absent: candidates.absent)
    }

    /// The notes that may stand in a note's list: those it was clicked with, and its neighbours by meaning and by words.
    /// - Parameter among: these in the neighbours' stead.
    func candidates(
        for label: UInt32, among: [UInt32]?, in reader: some StateReader
    ) throws -> (found: [RelatedCandidate], absent: [[UInt8]]) {
        guard let own = notes[label], let vector = vectors.vector(label) else { return ([], []) }
        let row = try pairRows(partition(of: own.id)).row(own.id, in: reader)
            .sorted {
                $0.sum.score != $1.sum.score
                    ? $0.sum.score > $1.sum.score : $0.note.lexicographicallyPrecedes($1.note)
            }
        var absent: [[UInt8]] = []
        var clicked: [UInt32: PairSum] = [:]
        for pair in row.prefix(configuration.candidates) {
            guard pair.note != own.id else { continue }
            if let other = notes.label(of: pair.note) {
                clicked[other] = pair.sum
            } else {
                absent.append(pair.note)
            }
        }
        var found = Set(clicked.keys)
        if let among {
            found.formUnion(among)
        } else {
            found.formUnion(
                try vectors.search(vector, count: configuration.candidates, excluding: label).map(\.label))
            found.formUnion(lexicon.search(like: label, count: configuration.candidates).map(\.label))
        }
        found.remove(label)
        let candidates = found.sorted().filter { notes[$0] != nil }
        let tags = Set(own.hashtags)
        let features = try textFeatures(of: candidates, for: label)
        let made = zip(candidates, features).compactMap { other, text -> RelatedCandidate? in
            guard let note = notes[other] else { return nil }
            var features = text
            if let sum = clicked[other] {
                features.cooccurrence = RelatedFeatures.shrink(sum.score)
                features.users = max(0, sum.users)
            }
            return RelatedCandidate(
                label: other, note: note.id, features: features,
                sharedHashtag: note.hashtags.first { tags.contains($0) })
        }
        return (made, absent)
    }

    /// Cosine and lexical share of some notes for one; clicks are left at 0.
    func textFeatures(of others: [UInt32], for label: UInt32) throws -> [RelatedFeatures] {
        guard let vector = vectors.vector(label) else { return others.map { _ in RelatedFeatures() } }
        let scores = lexicon.score(like: label, others + [label])
        let own = scores.last ?? 0
        return try zip(others, scores).map { other, score in
            RelatedFeatures(
                cosine: Double(try vectors.similarity(vector, other) ?? 0),
                lexical: RelatedFeatures.lexicalShare(score: score, ownScore: own))
        }
    }

    // MARK: - Sending

    /// Sends the lists of new, edited and deleted notes.
    func sendUrgent(_ batch: StageBatch) throws {
        try send(\.urgent, for: .seconds(3_600), in: batch)
    }

    /// Sends the lists that changed; false when some are left for the next batch.
    func sendChanged(_ batch: StageBatch) throws -> Bool {
        try send(\.changed, for: Self.listsPerBatchTime, in: batch)
        return changed.isEmpty
    }

    private func send(
        _ due: ReferenceWritableKeyPath<RecommendStage, NoteQueue>, for budget: Duration, in batch: StageBatch
    ) throws {
        let end = ContinuousClock.now + budget
        let notes = self[keyPath: due].first(Self.listsPerBatch) {
            batch.livePartitions.contains(self.partition(of: $0))
        }
        for note in notes where ContinuousClock.now < end {
            try sendList(of: note, partition(of: note), in: batch)
            // From both: the mark in the store, which a later change relies on, is gone.
            urgent.remove(note)
            changed.remove(note)
        }
    }

    private func sendList(of note: [UInt8], _ partition: Int32, in batch: StageBatch) throws {
        let changes = batch.changes
        try EmittedLists.clearDue(note, partition, in: changes)
        let last = try EmittedLists.last(of: note, partition, in: changes)
        guard let label = notes.label(of: note), let own = notes[label] else {
            try EmittedLists.await([], for: note, partition, in: changes)
            guard last != nil else { return }
            try EmittedLists.forget(note, partition, in: changes)
            return batch.send(to: .noteRecommendations, partition: partition, key: note, value: nil)
        }
        let origin = origins.removeValue(forKey: note)
        let made = try related(to: label, in: changes)
        try EmittedLists.await(made.absent, for: note, partition, in: changes)
        if let last, last.version == version.id, last.contentHash == own.contentHash, namesLivingNotes(last),
            !RelatedRanker.materialChange(
                old: last.items.map { Array($0.note.utf8) }, new: made.items.map(\.note))
        {
            return
        }
        let list = RecommendationList(
            note: String(decoding: note, as: UTF8.self), version: version.id, contentHash: own.contentHash,
            time: Timestamp(milliseconds: latestTime), items: made.items.map(RecommendedNote.init))
        try EmittedLists.keep(list, of: note, partition, in: changes)
        // Read anew, a profile tells again of an arrival that was answered long ago.
        let isAnswer = last?.contentHash != own.contentHash
        if isAnswer, let posted = origin?.posted { batch.noteAnswer(toArrivalAt: posted) }
        batch.send(
            to: .noteRecommendations, partition: partition, key: note, value: try list.encode(as: .json),
            headers: isAnswer ? origin?.headers ?? [] : [])
        listsSent += 1
        logger.debug(
            "list sent",
            [
                "stage": Self.name, "note": list.note, "version": list.version, "partition": "\(partition)",
                "items": "\(list.items.count)", "trace": origin?.trace?.traceID ?? "",
            ])
    }

    private func namesLivingNotes(_ list: RecommendationList) -> Bool {
        list.items.allSatisfy { notes.label(of: Array($0.note.utf8)) != nil }
    }

    // MARK: - After an assignment

    /// What the output topic holds is the truth about the last list sent, whatever the store says.
    package func restoreOwnOutput(_ record: Record, in batch: StageBatch) throws {
        let incoming = try IncomingRecommendations.decode(
            key: record.key, value: record.value, contentType: record.contentType)
        switch incoming {
        case .list(let note, let list): try EmittedLists.keep(list, of: note, record.partition, in: batch.changes)
        case .tombstone(let note):
            try EmittedLists.forget(note, record.partition, in: batch.changes)
            // A living note's list comes again after its tombstone, and what the note awaits may be of that one.
            guard notes.label(of: note) == nil else { return }
            try EmittedLists.await([], for: note, record.partition, in: batch.changes)
        }
    }

    /// Marks every owned living note without a list, or whose list is of another text or version or names a dead note,
    /// every list without a living note, and what was due when the store was last written.
    func reconcile(_ partition: Int32, in batch: StageBatch) throws {
        for note in try EmittedLists.due(of: partition, in: batch.changes) { changed.insert(note) }
        var listed: Set<[UInt8]> = []
        var marked: [[UInt8]] = []
        try EmittedLists.forEach(of: partition, in: batch.changes) { note, list in
            listed.insert(note)
            let own = notes[id: note]
            let isSound =
                own.map { $0.contentHash == list.contentHash && list.version == version.id } == true
                && namesLivingNotes(list)
            if !isSound { marked.append(note) }
        }
        notes.forEach { _, note in
            if !listed.contains(note.id), self.partition(of: note.id) == partition { marked.append(note.id) }
        }
        for note in marked { try markUrgent(note, in: batch) }
        if !marked.isEmpty {
            logger.info("lists to be sent anew", ["partition": "\(partition)", "notes": "\(marked.count)"])
        }
    }
}

/// A list as it was made, and what it could not name.
package struct RelatedList {
    /// Best first.
    package var items: [RankedNote] = []
    /// Notes clicked together with this one that are not alive here (not yet profiled, or deleted).
    package var absent: [[UInt8]] = []
}

extension RecommendedNote {
    package init(_ note: RankedNote) {
        self.init(
            note: String(decoding: note.note, as: UTF8.self), score: note.score, cosine: note.features.cosine,
            lexical: note.features.lexical, cooccurrence: note.features.cooccurrence, reason: note.reason,
            users: Int32(clamping: note.features.users))
    }
}

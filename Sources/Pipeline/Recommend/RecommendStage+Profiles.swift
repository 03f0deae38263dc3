import CoOccurrence
import EventLog
import Schemas
import StateStore

/// The global tables: profiles (with both indexes) and activity.
extension RecommendStage {
    package func processGlobal(_ record: Record, in batch: StageBatch) throws {
        if record.topic == batch.topics.name(of: .noteProfiles) {
            try processProfile(record, in: batch)
        } else {
            try processActivity(record, in: batch)
        }
    }

    private func processProfile(_ record: Record, in batch: StageBatch) throws {
        let incoming = try IncomingProfile.decode(
            key: record.key, value: record.value, contentType: record.contentType)
        switch incoming {
        case .tombstone(let key):
            try removeProfile(of: key.note, version: key.version, in: batch)
        case .profile(let key, let profile):
            let isServed = profile.version == version.id
            guard !isServed || profile.embedding.count == version.dimension else {
                throw SchemaError(
                    .wrongType, field: "embedding",
                    detail: "\(profile.embedding.count) numbers; model version \(version.id) has \(version.dimension)")
            }
            guard profile.embedding.reduce(Float(0), { $0 + $1 * $1 }).isFinite else {
                throw SchemaError(.wrongType, field: "embedding", detail: "numbers that are not finite, or too large")
            }
            try batch.changes.put(Self.profiles, Self.profileKey(key.note, key.version), profile.encode(as: .protobuf))
            if isServed { try index(profile, of: key.note, in: batch) }
        }
    }

    private static func profileKey(_ note: [UInt8], _ version: [UInt8]) -> [UInt8] {
        KeyBuilder().id(note).id(version).bytes
    }

    /// Puts a profile into both indexes, and marks whose lists it may change.
    private func index(_ profile: NoteProfile, of note: [UInt8], in batch: StageBatch) throws {
        let known = notes.label(of: note)
        let label = known ?? notes.nextLabel
        if known != nil { try markNeighbours(of: label, isEdit: true, in: batch) }  // the lists it may have to leave
        try batch.changes.put(Self.labels, labelKey(note), KeyBuilder().uint32(label).bytes)
        try vectors.insert(label, profile.embedding, in: batch.changes)
        try lexicon.insert(label, title: profile.title, content: profile.content, in: batch.changes)
        notes.insert(NoteTable.Note(profile, id: note), at: label)
        try noteTime(profile.time?.milliseconds ?? 0, in: batch)
        trending.insert(
            note: label, NoteTable.Note(profile, id: note), activity: try activity(of: note, in: batch.changes))
        try markNeighbours(of: label, isEdit: known != nil, in: batch)
        for (partition, waiting) in try EmittedLists.stopAwaiting(note, in: batch.changes) {
            try markChanged(waiting, partition, in: batch)
        }
        try markUrgent(note, in: batch)
    }

    private func removeProfile(of note: [UInt8], version: [UInt8], in batch: StageBatch) throws {
        try batch.changes.delete(Self.profiles, Self.profileKey(note, version))
        guard version == Array(self.version.id.utf8), let label = notes.label(of: note) else { return }
        for (partition, naming) in try EmittedLists.mentioning(note, in: batch.changes) {
            try markChanged(naming, partition, in: batch)
        }
        try vectors.remove(label, in: batch.changes)
        try lexicon.remove(label, in: batch.changes)
        try batch.changes.delete(Self.labels, labelKey(note))
        _ = notes.remove(note)
        trending.remove(note: label)
        try markUrgent(note, in: batch)
    }

    private func processActivity(_ record: Record, in batch: StageBatch) throws {
        let delta = try IncomingActivityDelta.decode(
            key: record.key, value: record.value, contentType: record.contentType)
        let streamTime = delta.streamTime
        try noteTime(streamTime, in: batch)
        for note in try activityTable.dropExpired(at: streamTime, in: batch.changes) {
            try activityChanged(note, in: batch)
        }
        guard case .clicks(let note, let hour, let clicks, _) = delta else { return }
        _ = try activityTable.apply(note: note, hour: hour, delta: clicks, at: streamTime, in: batch.changes)
        try activityChanged(note, in: batch)
    }

    private func activityChanged(_ note: [UInt8], in batch: StageBatch) throws {
        guard let label = notes.label(of: note) else { return }
        trending.update(note: label, activity: try activity(of: note, in: batch.changes))
    }

    private var activityTable: ActivityTable { ActivityTable(settings: configuration.window) }

    func activity(of note: [UInt8], in reader: some StateReader) throws -> NoteActivity {
        try activityTable.activity(of: note, at: latestTime, in: reader)
    }

    package func wipeGlobals(in batch: StageBatch) throws {
        for family in [Self.profiles, Self.labels] + ActivityTable.families {
            try batch.changes.wipe(family, prefix: [])
        }
        try vectors.wipe(in: batch.changes)
        try lexicon.wipe(in: batch.changes)
        try resetTime(in: batch)
        notes = NoteTable()
        trending = TrendingBoard()
    }

    private func labelKey(_ note: [UInt8]) -> [UInt8] { KeyBuilder().id(Array(version.id.utf8)).id(note).bytes }

    /// Fills the table of living notes from the store.
    func loadNotes() throws {
        notes = NoteTable()
        trending = TrendingBoard()
        var labelled: [([UInt8], UInt32)] = []
        try store.scan(Self.labels, prefix: KeyBuilder().id(Array(version.id.utf8)).bytes) {
            key, value throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.id()
            let id = try parts.id()
            var number = KeyReader(value)
            labelled.append((id, try number.uint32()))
            return true
        }
        // In the order of labels, so that the table finds no holes but real ones.
        for (id, label) in labelled.sorted(by: { $0.1 < $1.1 }) {
            guard let bytes = try store.get(Self.profiles, Self.profileKey(id, Array(version.id.utf8))) else {
                continue
            }
            let profile = try NoteProfile(protobuf: bytes)
            let note = NoteTable.Note(profile, id: id)
            notes.insert(note, at: label)
            trending.insert(note: label, note, activity: try activity(of: id, in: store))
        }
    }
}

extension IncomingActivityDelta {
    fileprivate var streamTime: Int64 {
        switch self {
        case .clicks(_, _, _, let streamTime), .announcement(let streamTime): streamTime
        }
    }
}

extension NoteTable.Note {
    /// The author's own category and hashtags where there are any, else the predicted ones.
    init(_ profile: NoteProfile, id: [UInt8]) {
        self.init(
            id: id, contentHash: profile.contentHash, created: profile.created?.milliseconds ?? 0,
            category: profile.authorCategory.isEmpty ? profile.category : profile.authorCategory,
            hashtags: profile.authorHashtags.isEmpty ? profile.hashtags.map(\.tag) : profile.authorHashtags)
    }
}

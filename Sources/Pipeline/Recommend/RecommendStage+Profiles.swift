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
        case .marker(let marker, let holds):
            try Profiles.note(marker, seenIn: record.partition, holds: holds, in: batch.changes)
        case .tombstone(let key):
            let version = String(decoding: key.version, as: UTF8.self)
            try Profiles.delete(key.note, version, in: batch.changes)
            if version == serving.version.id {
                try remove(key.note, in: batch)
            } else if version == preparing {
                try markUnindexed(key.note, version, in: batch)
            }
        case .profile(let key, let profile):
            try check(profile)
            try Profiles.put(profile, of: key.note, in: batch.changes)
            if profile.version == serving.version.id {
                try index(profile, of: key.note, in: batch)
                noteArrival(of: key.note, Origin(profiled: record))
            } else if profile.version == preparing {
                try markUnindexed(key.note, profile.version, in: batch)
            }
        }
    }

    /// A change of the next generation takes its turn: a flood of them must not keep the serving one's notes waiting.
    private func markUnindexed(_ note: [UInt8], _ version: String, in batch: StageBatch) throws {
        try Profiles.markUnindexed(note, version, in: batch.changes)
        unindexed.insert(note)
    }

    private func check(_ profile: NoteProfile) throws(SchemaError) {
        for generation in [serving, next] {
            guard let version = generation?.version, version.id == profile.version else { continue }
            guard profile.embedding.count == version.dimension else {
                throw SchemaError(
                    .wrongType, field: "embedding",
                    detail: "\(profile.embedding.count) numbers; model version \(version.id) has \(version.dimension)")
            }
        }
        guard profile.embedding.reduce(Float(0), { $0 + $1 * $1 }).isFinite else {
            throw SchemaError(.wrongType, field: "embedding", detail: "numbers that are not finite, or too large")
        }
    }

    /// Puts a profile into both indexes, and marks whose lists it may change.
    private func index(_ profile: NoteProfile, of note: [UInt8], in batch: StageBatch) throws {
        let known = notes.label(of: note)
        if let known { try markNeighbours(of: known, isEdit: true, in: batch) }  // the lists it may have to leave
        let label = try serving.index(profile, of: note, in: batch.changes)
        try noteTime(profile.time?.milliseconds ?? 0, in: batch)
        trending.insert(
            note: label, NoteTable.Note(profile, id: note), activity: try activity(of: note, in: batch.changes))
        try markNeighbours(of: label, isEdit: known != nil, in: batch)
        for (partition, waiting) in try EmittedLists.stopAwaiting(note, in: batch.changes) {
            try markChanged(waiting, partition, in: batch)
        }
        try markUrgent(note, in: batch)
    }

    private func remove(_ note: [UInt8], in batch: StageBatch) throws {
        guard notes.label(of: note) != nil else { return }
        origins[note] = nil
        for (partition, naming) in try EmittedLists.mentioning(note, in: batch.changes) {
            try markChanged(naming, partition, in: batch)
        }
        if let label = try serving.remove(note, in: batch.changes) { trending.remove(note: label) }
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

    /// What is in memory is brought back by the reload that follows.
    package func wipeGlobals(in batch: StageBatch) throws {
        for family in Profiles.families + Generation.families + ActivityTable.families {
            try batch.changes.wipe(family, prefix: [])
        }
        for family in [Self.servingVersion, Self.nextVersion] { try batch.changes.delete(family, []) }
        try resetTime(in: batch)
    }

    /// Fills the trending board from the serving generation; categories that are no more stay due.
    func fillTrending(_ reader: some StateReader) throws {
        trending.removeAll()
        try notes.forEach { label, note in
            trending.insert(note: label, note, activity: try activity(of: note.id, in: reader))
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

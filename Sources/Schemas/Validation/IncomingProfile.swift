/// A record of the topic `note-profiles`, checked: what the recommend stage indexes.
public enum IncomingProfile: Equatable, Sendable {
    /// The note was profiled by a model version. `profile` has a time and an embedding; `created` where it is known.
    case profile(ProfileKey, NoteProfile)
    /// The note was deleted, or the version is no longer served.
    case tombstone(ProfileKey)
    /// The notes of a partition have profiles under a model version, or (`holds` is false) no longer.
    case marker(ProfileMarkerKey, holds: Bool)

    /// Reads and checks a record: the key must be `<note id>@<model version>`, or `@<model version>/<partition>`, and name
    /// what the payload does.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?
    ) throws(SchemaError) -> IncomingProfile {
        if let marker = ProfileMarkerKey(key) {
            guard let value else { return .marker(marker, holds: false) }
            let payload = try RecordChecks.message(ProfileMarker.self, value, contentType)
            _ = try RecordChecks.id(payload.version, "version", key: marker.version)
            guard payload.partition == marker.partition else {
                throw SchemaError(.keyMismatch, field: "partition", detail: "the payload names another than the key")
            }
            return .marker(marker, holds: true)
        }
        let key = try ProfileKey(key)
        guard let value else { return .tombstone(key) }
        let profile = try RecordChecks.message(NoteProfile.self, value, contentType)
        _ = try RecordChecks.id(profile.note, "note", key: key.note)
        _ = try RecordChecks.id(profile.version, "version", key: key.version)
        guard profile.time != nil else { throw SchemaError(.missing, field: "time") }
        guard !profile.embedding.isEmpty else { throw SchemaError(.missing, field: "embedding") }
        return .profile(key, profile)
    }
}

/// A record of the topic `note-recommendations`, checked: a list in force, or its end.
public enum IncomingRecommendations: Equatable, Sendable {
    /// The list in force for `note`.
    case list(note: [UInt8], RecommendationList)
    /// The note is gone.
    case tombstone(note: [UInt8])

    /// Reads and checks a record.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?
    ) throws(SchemaError) -> IncomingRecommendations {
        guard let value else { return .tombstone(note: try RecordChecks.id(key: key)) }
        let list = try RecordChecks.message(RecommendationList.self, value, contentType)
        return .list(note: try RecordChecks.id(list.note, "note", key: key), list)
    }
}

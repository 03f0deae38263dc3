import Schemas

/// What a topic's reader made of an event.
enum Reading: Equatable {
    case note(IncomingNote)
    case click(IncomingClick)
    case profile(IncomingProfile)
    case list(IncomingRecommendations)
    case pairs(source: [UInt8]?, bucket: Int64, notes: [[UInt8]], scores: [Int64], users: [Int32], time: Int64)
    case activity(IncomingActivityDelta)
    /// Of topics whose readers check nothing further.
    case message

    /// Reads an event as the stages do.
    init(_ event: FuzzEvent, recordTimestamp: Int64) throws(SchemaError) {
        let (key, value, type) = (event.key, event.value, event.contentType)
        switch event.kind {
        case .note:
            self = .note(
                try IncomingNote.decode(key: key, value: value, contentType: type, recordTimestamp: recordTimestamp))
        case .click:
            self = .click(
                try IncomingClick.decode(key: key, value: value, contentType: type, recordTimestamp: recordTimestamp))
        case .profile: self = .profile(try IncomingProfile.decode(key: key, value: value, contentType: type))
        case .list: self = .list(try IncomingRecommendations.decode(key: key, value: value, contentType: type))
        case .pairs:
            switch try IncomingPairDelta.decode(key: key, value: value, contentType: type) {
            case .pairs(let source, let bucket, let targets, let time):
                self = .pairs(
                    source: source, bucket: bucket, notes: targets.map(\.note), scores: targets.map(\.score),
                    users: targets.map(\.users), time: time)
            case .announcement(let time):
                self = .pairs(source: nil, bucket: 0, notes: [], scores: [], users: [], time: time)
            }
        case .activity: self = .activity(try IncomingActivityDelta.decode(key: key, value: value, contentType: type))
        case .trending: self = try Self.message(Trending.self, event)
        case .manifest: self = try Self.message(ModelManifest.self, event)
        }
    }

    private static func message<Payload: Message>(
        _: Payload.Type, _ event: FuzzEvent
    ) throws(SchemaError) -> Reading {
        guard let value = event.value else { return .message }
        _ = try Payload.decode(value, contentType: ContentType(header: event.contentType))
        return .message
    }

    /// The id that the reading stands under, where key and payload must agree on one.
    var id: [UInt8]? {
        switch self {
        case .note(.upsert(let note)): note.id
        case .note(.tombstone(let id)): id
        case .click(.click(let user, _, _)): user
        case .click(.forget(let user)): user
        case .list(.list(let note, _)), .list(.tombstone(let note)): note
        case .activity(.clicks(let note, _, _, _)): note
        case .pairs(let source, _, _, _, _, _): source
        default: nil
        }
    }
}

extension FuzzEvent {
    /// The value as its message, in both forms; nil for a tombstone.
    func rewritten() throws(SchemaError) -> [ContentType: [UInt8]]? {
        switch kind {
        case .note: try rewritten(Note.self)
        case .click: try rewritten(Click.self)
        case .profile:
            // A marker's key makes it a marker.
            try ProfileMarkerKey(key) == nil ? rewritten(NoteProfile.self) : rewritten(ProfileMarker.self)
        case .list: try rewritten(RecommendationList.self)
        case .pairs: try rewritten(PairDelta.self)
        case .activity: try rewritten(ActivityDelta.self)
        case .trending: try rewritten(Trending.self)
        case .manifest: try rewritten(ModelManifest.self)
        }
    }

    private func rewritten<Payload: Message>(_: Payload.Type) throws(SchemaError) -> [ContentType: [UInt8]]? {
        guard let value else { return nil }
        let message = try Payload.decode(value, contentType: ContentType(header: contentType))
        return [.json: try message.encode(as: .json), .protobuf: try message.encode(as: .protobuf)]
    }
}

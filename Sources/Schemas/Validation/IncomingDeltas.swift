/// A record of the topic `cooccurrence`, checked: what the recommend stage adds to its pair rows.
public enum IncomingPairDelta: Sendable {
    /// Scores of `source`, and the users behind them, changed within `bucket`; `streamTime` in milliseconds since 1970,
    /// scores in fixed point.
    case pairs(source: [UInt8], bucket: Int64, targets: [Target], streamTime: Int64)
    /// Nothing changed but the stream time of the clicks partition behind it.
    case announcement(streamTime: Int64)

    /// How one pair changed.
    public typealias Target = (note: [UInt8], score: Int64, users: Int32)

    /// Reads and checks a record. Only the session stage writes them, so anything odd is an error of the pipeline's own.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?
    ) throws(SchemaError) -> IncomingPairDelta {
        let delta = try RecordChecks.message(PairDelta.self, try RecordChecks.present(value), contentType)
        let streamTime = try RecordChecks.streamTime(delta.time)
        if delta.source.isEmpty {
            guard delta.targets.isEmpty else { throw SchemaError(.missing, field: "source") }
            return .announcement(streamTime: streamTime)
        }
        let source = try RecordChecks.id(delta.source, "source", key: key)
        var targets: [Target] = []
        targets.reserveCapacity(delta.targets.count)
        for (index, target) in delta.targets.enumerated() {
            do throws(SchemaError) {
                targets.append((try RecordChecks.id(target.note, "note"), target.delta, target.users))
            } catch {
                throw error.inside(element: index).inside("targets")
            }
        }
        return .pairs(source: source, bucket: delta.bucket, targets: targets, streamTime: streamTime)
    }
}

/// A record of the topic `activity`, checked: what the recommend stage adds to its activity table.
public enum IncomingActivityDelta: Equatable, Sendable {
    /// Clicks on `note` within `hour` (hours since 1970) changed by `delta`; `streamTime` in milliseconds since 1970.
    case clicks(note: [UInt8], hour: Int64, delta: Int64, streamTime: Int64)
    /// Nothing changed but the stream time of the clicks partition behind it.
    case announcement(streamTime: Int64)

    /// Reads and checks a record. Only the session stage writes them, so anything odd is an error of the pipeline's own.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?
    ) throws(SchemaError) -> IncomingActivityDelta {
        let delta = try RecordChecks.message(ActivityDelta.self, try RecordChecks.present(value), contentType)
        let streamTime = try RecordChecks.streamTime(delta.time)
        if delta.note.isEmpty { return .announcement(streamTime: streamTime) }
        let note = try RecordChecks.id(delta.note, "note", key: key)
        // Readers add hours up: one record must not bring their sum beyond what it can hold, and the stage to its end.
        guard delta.delta.magnitude <= EventLimits.activityClicks else {
            throw SchemaError(
                .invalidNumber, field: "delta",
                detail: "\(delta.delta) clicks; at most \(EventLimits.activityClicks) count")
        }
        return .clicks(note: note, hour: delta.hour, delta: delta.delta, streamTime: streamTime)
    }
}

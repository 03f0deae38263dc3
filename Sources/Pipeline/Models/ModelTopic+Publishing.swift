import EventLog
import Foundation
import NoteLLM
import Schemas

/// Writing the topic.
extension ModelTopic {
    /// Besides the serving and the previous version so many of the newest are kept; older ones are tombstoned.
    static let keptVersions = 8

    /// Publishes a version: its chunks, then its manifest, then, where it is to serve, the pointer to it.
    ///
    /// - Parameter report: what the gate found, as a JSON object; nil where nobody judged the version.
    public func publish(_ version: ModelVersion, report: String? = nil, serves: Bool) throws {
        let producer = try Producer(client)
        for (index, chunk) in version.chunks.enumerated() {
            try send(.chunk(version: version.id, index: index), chunk, "application/octet-stream", with: producer)
        }
        let announcement = try version.announcement()
        let manifest = Schemas.ModelManifest(
            version: version.id, json: announcement.manifest, chunks: Int32(announcement.chunks),
            bytes: Int64(announcement.bytes), sha256: announcement.sha256, time: .now, report: report ?? "")
        try send(.manifest(version: version.id), manifest.encode(as: .json), with: producer)
        // One partition and an idempotent producer: what is acknowledged stands in this order.
        try producer.flush()
        let contents = try read()
        let kept = [version.id, contents.serving, contents.previous].compactMap { $0 }
        try prune(contents, keeping: Set(kept), with: producer)
        try producer.flush()
        if serves { try promote(version.id) }
    }

    /// Lets a published version serve. The one that serves now becomes the previous one, unless its own turn has not come
    /// yet: then the one before it is still what readers see, and stays.
    ///
    /// - Parameter expected: the version that must serve now, where it matters: that which the new one was judged against.
    /// - Returns: whether the version serves; false only where another than the expected one did.
    /// - Throws: ``ModelTopicError`` when the version is not wholly on the topic.
    @discardableResult
    public func promote(_ id: String, insteadOf expected: String? = nil) throws -> Bool {
        let contents = try read()
        _ = try load(id, from: contents)
        guard contents.serving != id else { return true }
        if let expected, contents.serving != expected { return false }
        let producer = try Producer(client)
        let previous = try versionInForce(contents)
        var choice = ServingVersion(version: id, time: .now, previous: previous == id ? "" : previous ?? "")
        let earlier = (contents.choice?.former ?? []) + [contents.previous, contents.serving].compactMap { $0 }
        choice.former = earlier.reduce(into: []) { former, version in
            if version != id, version != choice.previous, !former.contains(version) { former.append(version) }
        }.suffix(Self.keptVersions)
        try send(.serving, choice.encode(as: .json), with: producer)
        try producer.flush()
        return true
    }

    /// The model version under which each notes partition is wholly profiled, as the profile stage committed it.
    public func profiledVersions() throws -> [Int32: String] {
        let offsets = try Admin(client).groupOffsets(groupPrefix + StageName.profile.rawValue)
        let notes = topics.name(of: .notes)
        var versions: [Int32: String] = [:]
        for (place, committed) in offsets where place.topic == notes {
            versions[place.partition] =
                CommittedPosition(offset: committed.offset, metadata: committed.metadata).mark
        }
        return versions
    }

    /// The version that lists are of now: the serving one once every notes partition is profiled under it, else the one
    /// before it; nil where no version serves.
    public func versionInForce(_ contents: Contents) throws -> String? {
        try isInForce(contents.serving) ? contents.serving : contents.previous ?? contents.serving
    }

    /// Whether every notes partition is wholly profiled under a version.
    func isInForce(_ version: String?) throws -> Bool {
        let profiled = try profiledVersions()
        return (0..<topics.partitions(of: .notes)).allSatisfy { profiled[$0] == version }
    }

    /// The serving version; where none is published yet, `makeFirst` makes one, which is published.
    ///
    /// Two instances may do so at once: version 0 is the same for both, and what stands on the topic afterwards counts.
    /// Making it takes a while: a version that was published meanwhile keeps its turn.
    public func serving(orFirst makeFirst: () throws -> ModelVersion) throws -> Contents {
        var contents = try read()
        if contents.serving == nil {
            let first = try makeFirst()
            contents = try read()
            if contents.serving == nil {
                try publish(first, serves: true)
                contents = try read()
            }
        }
        guard contents.serving != nil else {
            throw ModelTopicError("the version just published is not on \(topics.name(of: .modelUpdates)); try again")
        }
        return contents
    }

    /// Takes back what is neither served nor among the newest.
    private func prune(_ contents: Contents, keeping: Set<String>, with producer: Producer) throws {
        let old = contents.manifests.filter { !keeping.contains($0.version) }.dropLast(Self.keptVersions)
        for manifest in old {
            try send(.manifest(version: manifest.version), nil, with: producer)
            for index in 0..<Int(manifest.chunks) {
                try send(.chunk(version: manifest.version, index: index), nil, with: producer)
            }
        }
    }

    private func send(
        _ key: Schemas.ModelUpdateKey, _ value: [UInt8]?, _ type: String = ContentType.json.rawValue,
        with producer: Producer
    ) throws {
        try producer.produce(
            OutgoingRecord(
                topic: topics.name(of: .modelUpdates), key: key.bytes, value: value,
                headers: value == nil ? [] : [Header(ContentType.headerName, type)]))
    }
}

extension Timestamp {
    /// The wall clock.
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

import EventLog
import Foundation
import Pipeline
import Schemas
import Synchronization

/// What is read from topics when somebody looks: model versions and dead letters. Kept for some seconds, so that many who
/// look are one who reads.
package final class TopicViews: Sendable {
    struct LetterView: Encodable {
        var time: String
        var stage, reason, field, detail, topic: String
        var partition: Int32
        var offset: Int64
        var key: String?
        var retries: Int32
    }

    /// Whoever looks waits no longer.
    private static let patience = Duration.seconds(10)

    private let client: ClientSettings
    private let topics: Topics
    private let models: ModelTopic
    private let versions = Kept<[UInt8]>(for: .seconds(10))
    private let letters = Kept<(asked: Int, letters: [LetterView])>(for: .seconds(2))

    package init(client: ClientSettings, topics: Topics, groupPrefix: String) {
        self.client = client
        self.topics = topics
        models = ModelTopic(client: client, topics: topics, groupPrefix: groupPrefix)
    }

    /// The published versions, the newest first, as JSON.
    func modelVersions() throws -> [UInt8] {
        try versions.value {
            let contents = try models.read(patience: Self.patience)
            let versions = contents.manifests.reversed().map { manifest -> [String: Any] in
                [
                    "version": manifest.version, "time": manifest.time.map { "\($0)" as Any } ?? NSNull(),
                    "serving": manifest.version == contents.serving, "manifest": Self.object(manifest.json) ?? [:],
                    "report": Self.object(manifest.report) ?? NSNull(),
                ]
            }
            return Array(
                try JSONSerialization.data(
                    withJSONObject: ["serving": contents.serving.map { $0 as Any } ?? NSNull(), "versions": versions],
                    options: [.sortedKeys, .withoutEscapingSlashes]))
        }
    }

    private static func object(_ json: String) -> Any? {
        json.isEmpty ? nil : try? JSONSerialization.jsonObject(with: Data(json.utf8))
    }

    /// The newest dead letters, the newest first.
    func newestLetters(_ count: Int) throws -> [LetterView] {
        let kept = try letters.value(isEnough: { $0.asked >= count }) {
            (count, try readLetters(count))
        }
        return Array(kept.letters.prefix(count))
    }

    private func readLetters(_ count: Int) throws -> [LetterView] {
        let began = ContinuousClock.now
        var newest = NewestLetters(
            count,
            in: try Admin(client).watermarks(
                ofTopic: topics.name(of: .deadLetters), partitions: topics.partitions(of: .deadLetters),
                timeout: Self.patience))
        var client = client
        // Letters may be megabytes each, and what has been fetched is copied at one go.
        client.properties["queued.max.messages.kbytes"] = "8192"
        while let starts = newest.nextStarts() {
            try TopicReader(client).readToEnd(from: starts, patience: Self.patience - (.now - began)) { record in
                if let letter = Letter(record, keeping: 0) { newest.note(letter) }
            }
        }
        return newest.letters.map(LetterView.init)
    }
}

extension TopicViews.LetterView {
    fileprivate init(_ letter: Letter) {
        self.init(
            time: "\(Timestamp(milliseconds: letter.setAside))", stage: letter.reason.stage,
            reason: letter.reason.reason, field: letter.reason.field, detail: letter.reason.detail,
            topic: letter.reason.topic, partition: letter.reason.partition, offset: letter.reason.offset,
            key: letter.key.map { String(decoding: $0, as: UTF8.self) }, retries: letter.reason.retries)
    }
}

/// A value that is made anew when it is asked for and older than so long, or less than what is asked for; whoever asks
/// meanwhile waits for it. What went wrong is kept as long, so that those who waited do not all try in turn.
private final class Kept<Value: Sendable>: Sendable {
    private let age: Duration
    private let kept = Mutex<(value: Result<Value, any Error>, made: ContinuousClock.Instant)?>(nil)

    init(for age: Duration) { self.age = age }

    func value(isEnough: (Value) -> Bool = { _ in true }, make: () throws -> Value) throws -> Value {
        try kept.withLock { kept in
            if let kept, ContinuousClock.now - kept.made < age {
                let value = try kept.value.get()
                if isEnough(value) { return value }
            }
            let value = Result { try make() }
            kept = (value, .now)
            return try value.get()
        }
    }
}

extension API {
    /// What lies on topics.
    var topicRoutes: [Router.Route] {
        [
            .init("GET", "/v1/models", waits: .broker) { request, _ in
                answering(request, "") { .json(try topicViews.modelVersions()) }
            },
            .init("GET", "/v1/dead-letters", waits: .broker) { request, _ in
                answering(request, "") {
                    .encoded(["letters": try topicViews.newestLetters(request.count(default: 50))])
                }
            },
        ]
    }
}

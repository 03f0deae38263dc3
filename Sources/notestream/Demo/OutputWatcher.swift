import EventLog
import Foundation
import Pipeline
import Schemas
import Synchronization

/// Follows the output topics on a thread of its own, as any subscriber would.
final class OutputWatcher: Sendable {
    /// What came out so far.
    struct State {
        /// Profiles by note id, of the newest version seen.
        var profiles: [[UInt8]: NoteProfile] = [:]
        /// The latest list of each note.
        var lists: [[UInt8]: RecommendationList] = [:]
        /// When the first list of each note was written, wall-clock milliseconds.
        var firstListed: [[UInt8]: Int64] = [:]
        /// Notes in the order of their first lists, not yet shown.
        var fresh: [[UInt8]] = []
    }

    private let state = Mutex(State())
    private let stop = StopSignal()
    private let done = DispatchSemaphore(value: 0)

    /// Starts following: profiles from their start, so that related notes have titles; lists from their end.
    init(client: ClientSettings, topics: Topics) throws {
        let thread = Thread { [self] in
            defer { done.signal() }
            do {
                try follow(client, topics)
            } catch {
                Output.error("watching the output topics ended: \(error)")
            }
        }
        thread.start()
    }

    /// Looks at what came out.
    func look<Result>(_ body: (inout sending State) -> sending Result) -> sending Result {
        state.withLock { body(&$0) }
    }

    /// Stops following.
    func end() {
        stop.set()
        done.wait()
    }

    private func follow(_ client: ClientSettings, _ topics: Topics) throws {
        let consumer = try Consumer(client)
        defer { try? consumer.close() }
        let profiles = topics.name(of: .noteProfiles)
        var starts: [TopicPartition: StartOffset] = [:]
        for place in topics.places(of: .noteProfiles) { starts[place] = .beginning }
        for place in topics.places(of: .noteRecommendations) { starts[place] = .end }
        try consumer.assign(starts)
        while !stop.isSet {
            let records = try consumer.poll(maximum: 1000, timeout: .milliseconds(50))
            guard !records.isEmpty else { continue }
            state.withLock { state in
                for record in records {
                    if record.topic == profiles {
                        state.takeProfile(record)
                    } else {
                        state.takeList(record)
                    }
                }
            }
        }
    }
}

extension OutputWatcher.State {
    fileprivate mutating func takeProfile(_ record: Record) {
        guard (try? ProfileKey(record.key)) != nil, let profile = try? NoteProfile.decode(record) else { return }
        var slim = profile
        slim.embedding = []
        profiles[Array(profile.note.utf8)] = slim
    }

    fileprivate mutating func takeList(_ record: Record) {
        guard let note = record.key, let list = try? RecommendationList.decode(record) else { return }
        lists[note] = list
        if firstListed[note] == nil {
            firstListed[note] = record.timestamp
            fresh.append(note)
        }
    }

    /// A note as people read it: title, category, hashtags, the first related notes with the reason.
    func text(of note: [UInt8], related: Int = 3) -> String? {
        guard let profile = profiles[note], let list = lists[note] else { return nil }
        let tags = profile.hashtags.map { "#" + $0.tag }.joined(separator: " ")
        var text = "● \(profile.title.isEmpty ? profile.note : profile.title)"
        if !profile.category.isEmpty || !tags.isEmpty {
            text += "\n    \(profile.category)\(profile.category.isEmpty || tags.isEmpty ? "" : "  ")\(tags)"
        }
        for item in list.items.prefix(related) {
            let title = profiles[Array(item.note.utf8)]?.title ?? item.note
            text += "\n    → \(title)  (\(String(format: "%.2f", item.score)), \(item.reason))"
        }
        return text
    }
}

import BrokerSupport
import CoOccurrence
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// Notes and clicks in, profiles, lists and sums out; then everything that may happen to them later.
    @Suite("Whole path", .serialized, .timeLimit(.minutes(10)))
    struct WholePathTests {
        @Test("From a log to lists, and on through restart, edit, delete and forget", arguments: TestBrokers.all)
        func story(broker: TestBroker) throws {
            var story = try Story(broker)
            try story.prepare()
            try story.publishAndCompare()
            try story.publishAgain()
            try story.restart()
            try story.lookAround()
            try story.train()
            try story.edit()
            try story.delete()
            try story.forget()
            let stopped = try story.deployment.stop()
            #expect(stopped.exit == 0)
        }
    }
}

/// One deployment and what is known about it so far.
private struct Story {
    let deployment: Deployment
    let sample: SampleLog
    let producer: Producer
    let folder: TemporaryFolder
    var version = ""

    init(_ broker: TestBroker) throws {
        folder = try TemporaryFolder()
        sample = try SampleLog.simulated(into: folder)
        deployment = try Deployment(broker, "whole")
        producer = try Producer(broker.settings)
    }

    // MARK: - Topics, model, log

    mutating func prepare() throws {
        let check = try deployment.command("topics", "check")
        #expect(check.exit == 0, "\(check)")
        let again = try deployment.succeed("topics", "apply")
        #expect(again.lines.first == "all topics are there")

        #expect(try deployment.command("models", "list").exit == 1, "no version is there yet")
        let made = try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
        let words = try #require(made.lines.last).split(separator: " ")
        version = words[2].trimmingCharacters(in: .punctuationCharacters)
        let listed = try deployment.succeed("models", "list")
        #expect(listed.lines.count == 1)
        #expect(listed.lines.first?.hasPrefix("* \(version)") == true, "\(listed)")
        let shown = try deployment.succeed("models", "show", version)
        #expect(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) is [String: Any])
    }

    func publishAndCompare() throws {
        try deployment.start()
        try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
        try deployment.waitUntilDrained()
        try deployment.succeed("publish", "--tick", sample.tick.text)
        try deployment.waitUntilDrained()
        let outcome = try Outcome(deployment)
        #expect(Set(outcome.lists.keys) == sample.ids, "a list for exactly the live notes")
        #expect(outcome.profiled(under: version) == sample.ids, "a profile for exactly the live notes")
        for (note, list) in outcome.lists {
            #expect(!list.items.isEmpty)
            #expect(list.version == version)
            #expect(!list.items.contains { $0.note == text(note) }, "a note is not related to itself")
        }
        compareSums(outcome, events: sample.events)
        #expect(try deadLetters().isEmpty)
    }

    /// Sums in live buckets against the batch formula, and clicks against a recount without it.
    private func compareSums(_ outcome: Outcome, events: [ClickEvent]) {
        let expected = BatchFormula.pairs(of: events, .standard)
        #expect(expected.count > 200, "the log is too small to show anything")
        let wrong = differences(outcome.livePairs(at: sample.tick.time), expected)
        #expect(wrong.isEmpty, "\(wrong.count) of \(expected.count) sums differ from the batch formula")

        var latest: [[[UInt8]]: Int64] = [:]
        for case .click(let user, let note, let time) in events
        where WindowSettings.standard.isLive(bucket: time / 86_400_000, at: sample.tick.time) {
            latest[[user, note]] = max(time, latest[[user, note]] ?? 0)
        }
        var recount: [BatchFormula.NoteHour: Int64] = [:]
        for (pair, time) in latest {
            recount[BatchFormula.NoteHour(note: pair[1], hour: time / 3_600_000), default: 0] += 1
        }
        let wrongHours = differences(outcome.liveClicks(at: sample.tick.time), recount)
        #expect(wrongHours.isEmpty, "\(wrongHours.count) of \(recount.count) click counts differ from a recount")
    }

    /// A training beside the running service: judged, published with its report, and not served.
    func train() throws {
        let trained = try deployment.command("retrain", "--once", "--steps", "40", "--do-not-promote")
        #expect(trained.exit == 0 || trained.exit == 1, "\(trained)")
        #expect(trained.output.contains("Gate: "), "\(trained)")
        let listed = try deployment.succeed("models", "list").lines
        #expect(listed.count == 2)
        #expect(listed.first?.hasPrefix("* \(version)") == true, "\(listed)")
        #expect(listed.last?.contains("from \(version)") == true, "\(listed)")
        let id = try #require(listed.last?.split(separator: " ").first.map(String.init))
        #expect(try deployment.succeed("models", "show", id).output.contains("\"verdict\""))
        let folder = deployment.statePath + "/models/" + id
        for file in ["model.safetensors", "manifest.json", "report.json", "loss.tsv"] {
            #expect(FileManager.default.fileExists(atPath: folder + "/" + file))
        }
        #expect(try deployment.command("models", "rollback").exit == 1, "there was no version before")
    }

    private func deadLetters() throws -> [Record] {
        var letters: [Record] = []
        try TopicReader(deployment.broker.settings).readToEnd(deployment.topics.places(of: .deadLetters)) {
            letters.append($0)
        }
        return letters
    }

    func publishAgain() throws {
        let before = try Outcome(deployment)
        try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
        try deployment.waitUntilDrained()
        let after = try Outcome(deployment)
        #expect(after.listKeys == before.listKeys, "the second time adds no key")
        #expect(after.profileRecords == before.profileRecords, "notes that say the same are not profiled again")
        #expect(after.pairs == before.pairs, "repeated clicks count once")
        #expect(after.clicks == before.clicks)
    }

    func restart() throws {
        let before = try Outcome(deployment)
        let stopped = try deployment.stop()
        #expect(stopped.exit == 0)
        #expect(stopped.duration < .seconds(5), "a stop took \(stopped.duration)")
        let lists = try deployment.succeed("inspect", "--lists")
        #expect(lists.lines.count == sample.notes.count, "a stopped service's store can be looked into")
        try deployment.start()
        try deployment.waitUntilDrained()
        let found = try deployment.lines("partition assigned")
        #expect(found.count == 12)
        for line in found {
            #expect(line["found"] == "equal", "\(line)")
            #expect(line["from"].flatMap(Int.init) ?? 0 >= line["silent_until"].flatMap(Int.init) ?? 0, "\(line)")
        }
        let after = try Outcome(deployment)
        #expect(after.pairs == before.pairs)
        #expect(after.clicks == before.clicks)
        #expect(after.profileRecords == before.profileRecords)
        #expect(after.lists == before.lists, "nothing is said twice")
    }

    // MARK: - Commands that look

    func lookAround() throws {
        let note = try #require(sample.notes.first { $0.title.count > 10 })
        let id = text(note.id)
        let related = try deployment.succeed("related", id, "--count", "3")
        #expect(related.lines.count == 4, "a title and three notes: \(related.output)")
        #expect(related.lines.first == note.title)
        let json = try deployment.succeed("related", id, "--json")
        #expect(try RecommendationList(json: Array(json.output.utf8)).note == id)
        let next = try deployment.succeed("related", id, "--next", "--count", "5")
        #expect(next.lines.count == 6)
        #expect(try deployment.command("related", "no-such-note").exit == 1)

        let found = try deployment.succeed("search", note.title, "--count", "5")
        #expect(found.lines.count == 5)
        #expect(found.output.contains(id), "a note is found by its own title: \(found.output)")

        let inspected = try deployment.succeed("inspect")
        let lags = inspected.lines.filter { $0.contains(deployment.prefix + "session  ") }
        #expect(lags.count == 4)
        #expect(lags.allSatisfy { $0.hasSuffix("  0") }, "\(lags)")
        // The store belongs to the running service.
        let refused = try deployment.command("inspect", "--lists")
        #expect(refused.exit != 0)
        #expect(refused.errors.contains("recommend"), "\(refused)")
        #expect(try deployment.command("models", "show", "no-such-version").exit != 0)
    }

    // MARK: - What happens to notes and users

    private func send(_ topic: TopicName, _ key: [UInt8], _ value: [UInt8]?) throws {
        try producer.produce(OutgoingRecord(topic: deployment.topics.name(of: topic), key: key, value: value))
        try producer.flush()
    }

    func edit() throws {
        let before = try Outcome(deployment)
        let note = sample.notes[7]
        let edited = Note(
            id: text(note.id), title: "Sharpening a plane iron on a flat stone",
            content: "The back comes first; a mirror on the last centimetre is enough.", hashtags: note.hashtags,
            category: note.category, created: Timestamp(milliseconds: note.created),
            time: Timestamp(milliseconds: sample.tick.time))
        try send(.notes, note.id, edited.encode(as: .json))
        try deployment.waitUntilDrained()
        let after = try Outcome(deployment)
        let key = ProfileKey(note: note.id, version: Array(version.utf8)).bytes
        let profile = try NoteProfile(json: #require(after.profiles[key]))
        #expect(profile.title == edited.title)
        #expect(after.lists[note.id]?.contentHash == profile.contentHash, "the list says which text it is for")
        #expect(after.lists[note.id]?.contentHash != before.lists[note.id]?.contentHash)
        #expect(after.listKeys == before.listKeys)
        #expect(after.profiles.count == before.profiles.count)
    }

    func delete() throws {
        let before = try Outcome(deployment)
        let named = Dictionary(grouping: before.lists.values.flatMap(\.items), by: \.note).mapValues(\.count)
        let victim = try #require(named.max { ($0.value, $0.key) < ($1.value, $1.key) }).key
        try send(.notes, Array(victim.utf8), nil)
        try deployment.waitUntilDrained()
        let after = try Outcome(deployment)
        let rest = sample.ids.subtracting([Array(victim.utf8)])
        #expect(Set(after.lists.keys) == rest, "the deleted note's list gets a tombstone")
        #expect(after.profiled(under: version) == rest)
        let naming = after.lists.values.filter { $0.items.contains { $0.note == victim } }
        #expect(naming.isEmpty, "\(naming.count) of \(named[victim] ?? 0) lists still name a deleted note")
        #expect(after.pairs == before.pairs, "no pair row is touched")
        #expect(try deployment.command("related", victim).exit == 1)
    }

    func forget() throws {
        let counts = Dictionary(grouping: sample.clicks, by: \.user).mapValues(\.count)
        let user = try #require(counts.max { ($0.value, text($0.key)) < ($1.value, text($1.key)) }).key
        try send(.clicks, user, nil)
        try deployment.succeed("publish", "--tick", sample.tick.text)
        try deployment.waitUntilDrained()
        let ticked = sample.events.map { event in
            if case .click(user, _, let time) = event { return ClickEvent.tick(time: time) }
            return event
        }
        compareSums(try Outcome(deployment), events: ticked)
    }
}

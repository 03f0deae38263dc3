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
    /// `dead-letters list` and `dead-letters retry`, with a session stage that sets clicks aside.
    @Suite("Dead letters by the command line", .serialized, .timeLimit(.minutes(5)))
    struct DeadLettersTests {
        @Test("Listed, sent again once, good at last or back with a count", arguments: TestBrokers.all)
        func story(broker: TestBroker) throws {
            let deployment = try Deployment(broker, "letters")
            try deployment.start(arguments: ["--stages", "session"])
            let began = Timestamp(milliseconds: now())
            // Too far ahead of its record by five seconds, which pass by themselves; the other stays as bad as it is.
            let early = Timestamp(milliseconds: now() + EventLimits.leadMilliseconds + 5_000)
            let good = try Click(user: "early", note: "n", time: early).encode(as: .json)
            try publish(deployment, key: "early", good, [Header("trace", "1"), Header("trace", "2")])
            try publish(deployment, key: "bad\u{1B}[2J", Array("click\u{202E}!\n".utf8))
            try waitForLetters(deployment, 2)

            let lines = try deployment.succeed("dead-letters", "list").lines
            #expect(lines.count == 2)
            let topic = deployment.topics.name(of: .clicks)
            for part in [" \(topic)/", "  session  ", "syntax", #"key="bad\u{1B}[2J""#, #"value="click\u{202E}!\n""#] {
                #expect(lines.contains { $0.contains(part) }, "\(part) in \(lines)")
            }
            #expect(try list(deployment, "--reason", "syntax").map(\.key) == ["bad\u{1B}[2J"])
            #expect(try list(deployment, "--stage", "profile").isEmpty)
            #expect(try list(deployment, "--topic", "notes").isEmpty)
            #expect(try list(deployment, "--topic", "clicks", "--since", began.description).count == 2)
            #expect(try list(deployment, "--since", "2199-01-01T00:00:00Z").isEmpty)
            let early1 = try #require(try list(deployment, "--reason", "time-too-late").first)
            #expect(early1.value == text(good))
            #expect(early1.headers == [["trace", "1"], ["trace", "2"]])

            let dry = try deployment.succeed("dead-letters", "retry", "--dry-run").lines
            #expect(dry.last == "would send 2 again; 0 have been sent before")
            Thread.sleep(forTimeInterval: 5)
            #expect(
                try deployment.succeed("dead-letters", "retry").lines == ["sent 2 again; 0 have been sent before"])
            #expect(
                try deployment.succeed("dead-letters", "retry", "--offset", early1.letter).lines
                    == ["sent 0 again; 1 have been sent before"])
            try waitForLetters(deployment, 3)
            let back = try list(deployment, "--waiting")
            #expect(back.map(\.retries) == [1])
            #expect(back.map(\.reason) == ["syntax"])
            #expect(try list(deployment).map(\.isRetried) == [true, true, false])
            #expect(try deployment.succeed("dead-letters", "list", "--limit", "1").output.contains("retries=1"))
            #expect(try deployment.command("dead-letters", "retry", "--offset", "0@999").exit == 1)
            #expect(try deployment.stop().exit == 0)

            let clicks = try Outcome(deployment).clicks
            #expect(clicks.keys.map { text($0.note) } == ["n"])
            #expect(clicks.values.reduce(0, +) == 1)
        }

        @Test("Records of the stages' own topics are set aside and sent again too", arguments: TestBrokers.kafka)
        func internalTopics(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 24, clicks: 30)
            let deployment = try Deployment(broker, "letters")
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start(arguments: ["--stages", "recommend"])
            let extreme = ActivityDelta(note: "n", hour: 490_000, delta: .max, time: Timestamp(milliseconds: now()))
            let bad: [(TopicName, String, [UInt8], String)] = [
                (.noteProfiles, "n@v", Array("{".utf8), "truncated"), (.cooccurrence, "n", Array("x".utf8), "syntax"),
                (.activity, "n", try extreme.encode(as: .json), "invalid-number"),
            ]
            let producer = try Producer(broker.settings)
            for (topic, key, value, _) in bad {
                try producer.produce(
                    OutgoingRecord(
                        topic: deployment.topics.name(of: topic), partition: 3, key: Array(key.utf8), value: value))
            }
            try producer.flush()
            try waitForLetters(deployment, 3)
            #expect(try list(deployment, "--stage", "recommend").count == 3)
            for (topic, key, value, reason) in bad {
                let letters = try list(deployment, "--topic", topic.rawValue)
                #expect(letters.map(\.reason) == [reason])
                #expect(letters.map(\.key) == [key])
                #expect(letters.map(\.value) == [text(value)])
            }
            #expect(
                try deployment.succeed("dead-letters", "retry").lines == ["sent 3 again; 0 have been sent before"])
            try waitForLetters(deployment, 6)
            #expect(try list(deployment, "--waiting").map(\.retries) == [1, 1, 1])
            for topic in bad.map(\.0) {
                let ends = try Admin(broker.settings).watermarks(
                    ofTopic: deployment.topics.name(of: topic), partitions: deployment.topics.partitions(of: topic))
                #expect(ends.filter { $0.value.high > 0 }.map(\.key.partition) == [3], "where it was, whatever the key")
            }
            #expect(try deployment.stop().exit == 0)
        }

        @Test("Killed in the midst of it and called again: each record goes out once", arguments: TestBrokers.kafka)
        func killed(broker: TestBroker) throws {
            let deployment = try Deployment(broker, "letters")
            let count = 5_000
            let producer = try Producer(broker.settings)
            for number in 0..<count {
                let record = Record(
                    topicPartition: TopicPartition(deployment.topics.name(of: .clicks), Int32(number % 4)),
                    offset: Int64(number), timestamp: now(), key: Array("\(number)".utf8), value: Array("x".utf8))
                let letter = DeadLetter.record(record, SchemaError(.syntax), stage: "session", limit: 1 << 20)
                try producer.produce(
                    OutgoingRecord(
                        topic: deployment.topics.name(of: .deadLetters), key: letter.key, value: letter.value,
                        headers: letter.headers))
            }
            try producer.flush()
            for pause in [0.15, 0.25, 0.35, 0.45] {
                let running = try deployment.begin("dead-letters", "retry")
                Thread.sleep(forTimeInterval: pause)
                running.send(SIGKILL)
                running.process.waitUntilExit()
            }
            try deployment.succeed("dead-letters", "retry")
            var keys: [[UInt8]?] = []
            try TopicReader(broker.settings).readToEnd(deployment.topics.places(of: .clicks)) { keys.append($0.key) }
            #expect(keys.count == count)
            #expect(Set(keys).count == count)
            #expect(
                try deployment.succeed("dead-letters", "retry").lines
                    == ["sent 0 again; \(count) have been sent before"])
        }

        /// One line of `dead-letters list --json`.
        private struct Listed {
            let letter, key, value, reason: String
            let headers: [[String]]
            let retries: Int
            let isRetried: Bool
        }

        private func list(_ deployment: Deployment, _ options: String...) throws -> [Listed] {
            try deployment.succeed(["dead-letters", "list", "--json"] + options).lines.map { line in
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                func string(_ name: String) -> String { object[name] as? String ?? "" }
                let headers = object["headers"] as? [[String: String]] ?? []
                return Listed(
                    letter: string("letter"), key: string("key"), value: string("value"), reason: string("reason"),
                    headers: headers.map { [$0["name"] ?? "", $0["value"] ?? ""] },
                    retries: object["retries"] as? Int ?? -1, isRetried: object["isRetried"] as? Bool ?? false)
            }
        }

        private func publish(
            _ deployment: Deployment, key: String, _ value: [UInt8], _ headers: [Header] = []
        ) throws {
            let producer = try Producer(deployment.broker.settings)
            try producer.produce(
                OutgoingRecord(
                    topic: deployment.topics.name(of: .clicks), key: Array(key.utf8), value: value, headers: headers))
            try producer.flush()
        }

        private func waitForLetters(_ deployment: Deployment, _ count: Int) throws {
            let topic = DeadLetterTopic(client: deployment.broker.settings, topics: deployment.topics)
            let isThere = try wait(.seconds(60)) {
                try deployment.requireRunning()
                return try topic.letters(LetterSelection(), keeping: 0).letters.count >= count
            }
            #expect(isThere, "there are \(count) letters after a minute")
        }

        private func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
    }
}

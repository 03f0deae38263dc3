import BrokerSupport
import NoteLLM
import Pipeline
import Testing

@Suite(
    "Model topic", .serialized,
    .enabled(if: !TestBrokers.kafka.isEmpty, Comment(rawValue: TestBrokers.missing)), .timeLimit(.minutes(2)))
struct ModelTopicTests {
    @Test(
        "a first version is made where none is, and gives way to one published meanwhile", arguments: TestBrokers.kafka)
    func first(broker: TestBroker) throws {
        let (one, other) = (try SmallModel(seed: 1).version, try SmallModel(seed: 2).version)
        for isOvertaken in [false, true] {
            let topics = try PipelineTests.topics(prefix: TestBroker.uniqueName("models") + ".")
            let names = [topics.name(of: .modelUpdates), topics.name(of: .notes)]
            for name in names { try broker.createTopic(name, partitions: name == names[0] ? 1 : 2) }
            defer { try? broker.deleteTopics(names) }
            let models = ModelTopic(client: broker.settings, topics: topics, groupPrefix: topics.prefix)
            let contents = try models.serving {
                if isOvertaken { try models.publish(other, serves: true) }
                return one
            }
            #expect(contents.serving == (isOvertaken ? other : one).id)
            #expect(contents.versions == [(isOvertaken ? other : one).id])
            #expect(try models.serving { throw Crash() }.serving == contents.serving)
        }
    }

    @Test(
        "refused versions do not pile up; one is let serve only in the place of that which it was judged against",
        arguments: TestBrokers.kafka)
    func refused(broker: TestBroker) throws {
        let topics = try PipelineTests.topics(prefix: TestBroker.uniqueName("models") + ".")
        let names = [topics.name(of: .modelUpdates), topics.name(of: .notes)]
        for name in names { try broker.createTopic(name, partitions: name == names[0] ? 1 : 2) }
        defer { try? broker.deleteTopics(names) }
        let models = ModelTopic(client: broker.settings, topics: topics, groupPrefix: topics.prefix)
        let versions = try (1...12).map { try SmallModel(seed: UInt64($0)).version }
        try models.publish(versions[0], serves: true)
        for version in versions.dropFirst() { try models.publish(version, serves: false) }
        let kept = try models.read().versions
        #expect(kept == [versions[0].id] + versions.suffix(9).map(\.id))

        #expect(try !models.promote(versions[11].id, insteadOf: versions[10].id))
        #expect(try models.read().serving == versions[0].id)
        #expect(try models.promote(versions[11].id, insteadOf: versions[0].id))
        #expect(try models.read().serving == versions[11].id)
    }
}

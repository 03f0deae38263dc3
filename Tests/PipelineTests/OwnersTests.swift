import EventLog
import Pipeline
import Testing

@Suite("Owners of partitions")
struct OwnersTests {
    @Test("each partition's owner is known by the URL it advertises; who advertises none is not")
    func urls() {
        let places = (0..<4).map { TopicPartition("clicks", Int32($0)) }
        let members = [
            GroupMember(clientID: "http://a:1", instanceID: "a", partitions: [places[0], places[2]]),
            GroupMember(clientID: "rdkafka", instanceID: "b", partitions: [places[1]]),
            GroupMember(clientID: "https://c", instanceID: nil, partitions: [places[3]]),
        ]
        #expect(
            Owners.urls(of: members) == [
                places[0]: "http://a:1", places[2]: "http://a:1", places[3]: "https://c",
            ])
    }
}

import Dispatch
import EventLog
import Synchronization

/// Which instance of a fleet owns a partition, and where it answers: Kafka Streams' interactive queries. Each instance's
/// consumers carry its advertised URL as `client.id`, and the group's description says who was given what.
package final class Owners: Sendable {
    private struct Known {
        var urls: [TopicPartition: String]
        var asked: ContinuousClock.Instant
    }

    private struct State {
        var known: [StageName: Known] = [:]
        var asking: Set<StageName> = []
    }

    /// What is older is asked for again; what is much older may be wrong.
    private static let age = Duration.seconds(3)
    private static let trust = Duration.seconds(30)
    private let client: ClientSettings
    private let topics: Topics
    private let groupPrefix: String
    /// This instance's own.
    private let ownURL: String
    private let logger: Logger
    private let state = Mutex(State())

    package init(client: ClientSettings, topics: Topics, groupPrefix: String, ownURL: String, logger: Logger) {
        self.client = client
        self.topics = topics
        self.groupPrefix = groupPrefix
        self.ownURL = ownURL
        self.logger = logger
    }

    /// The URL of the instance that owns a partition of a stage's input, as far as known; never this instance's own. Does
    /// not wait: what is old, or not known, is asked for in the background.
    package func url(of stage: StageName, partition: Int32) -> String? {
        let place = TopicPartition(topics.name(of: stage.inputTopic), partition)
        let (known, mustAsk) = state.withLock { state in
            let known = state.known[stage]
            let isOld = known.map { ContinuousClock.now - $0.asked > Self.age } ?? true
            return (known, isOld && state.asking.insert(stage).inserted)
        }
        if mustAsk {
            DispatchQueue.global(qos: .utility).async { [self] in ask(stage) }
        }
        guard let known, ContinuousClock.now - known.asked < Self.trust else { return nil }
        return known.urls[place].flatMap { $0 == ownURL ? nil : $0 }
    }

    private func ask(_ stage: StageName) {
        var urls: [TopicPartition: String]?
        do {
            let members = try Admin(client).members(ofGroup: groupPrefix + stage.rawValue)
            urls = Self.urls(of: members)
        } catch {
            logger.warning("the owners of partitions cannot be found", ["stage": stage.rawValue, "error": "\(error)"])
        }
        state.withLock { state in
            state.asking.remove(stage)
            if let urls { state.known[stage] = Known(urls: urls, asked: .now) }
        }
    }

    /// The members' URLs by partition; members that advertise none are left out.
    package static func urls(of members: [GroupMember]) -> [TopicPartition: String] {
        var urls: [TopicPartition: String] = [:]
        for member in members where member.clientID.hasPrefix("http://") || member.clientID.hasPrefix("https://") {
            for place in member.partitions { urls[place] = member.clientID }
        }
        return urls
    }
}

import Tensors

/// The people of a simulated log.
struct SimulatedCrowd: Sendable {
    /// One person.
    struct User: Sendable {
        let name: [UInt8]
        /// How much each topic interests them.
        let interests: [Double]
        /// The circle they belong to: people who click the same notes, whatever these are about.
        let circle: Int
        /// How often they come, relative to the others.
        let activity: Double
    }

    let users: [User]
    let circles: Int
    /// For each topic the one of another category that the same people care for. No word says so: only clicks tell, and
    /// who has learned it from old notes knows it of new ones.
    let affinities: [Int]

    init(users count: Int, _ generator: inout SplitMix64) {
        let circles = max(2, count / 12)
        self.circles = circles
        affinities = Self.affinities(&generator)
        var users: [User] = []
        for number in 0..<count {
            var interests = [Double](repeating: 0.02, count: SimulatedTopic.all.count)
            for _ in 0..<(1 + generator.below(2)) {
                let topic = generator.below(interests.count)
                interests[topic] += 0.3 + generator.uniform()
                interests[affinities[topic]] += 0.3 + generator.uniform()
            }
            let digits = String(number + 1)
            let name = "user-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            users.append(
                User(
                    name: Array(name.utf8), interests: interests, circle: generator.below(circles),
                    activity: 0.1 + 1 / (0.15 + generator.uniform())))
        }
        self.users = users
    }

    /// Pairs the topics off at random, two of different categories at a time; one that is left over has only itself.
    private static func affinities(_ generator: inout SplitMix64) -> [Int] {
        var affinities = Array(SimulatedTopic.all.indices)
        var alone = generator.shuffled(affinities)
        while let topic = alone.popLast() {
            let category = SimulatedTopic.all[topic].category
            guard let place = alone.firstIndex(where: { SimulatedTopic.all[$0].category != category }) else { continue }
            let other = alone.remove(at: place)
            affinities[topic] = other
            affinities[other] = topic
        }
        return affinities
    }
}

/// A simulated note with what its text does not show.
struct SimulatedNote: Sendable {
    let logged: LoggedNote
    let topic: Int
    /// The circle whose people pass it around; nil for half of the notes.
    let circle: Int?
    /// How much better it is than others, as a logarithm.
    let appeal: Double

    init(number: Int, created: Int64, _ crowd: SimulatedCrowd, _ generator: inout SplitMix64) {
        let author = crowd.users[generator.place(weighted: crowd.users.map(\.activity))]
        topic = generator.place(weighted: author.interests)
        circle = generator.chance(0.5) ? (generator.chance(0.7) ? author.circle : generator.below(crowd.circles)) : nil
        appeal = generator.uniform() + generator.uniform() + generator.uniform() - 1.5
        let words = SimulationText.write(SimulatedTopic.all[topic], &generator)
        let digits = String(number + 1)
        logged = LoggedNote(
            id: Array(("note-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits).utf8),
            title: words.title, content: words.content, hashtags: words.hashtags,
            category: SimulatedTopic.all[topic].category, author: String(decoding: author.name, as: UTF8.self),
            created: created)
    }
}

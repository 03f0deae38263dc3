/// What simulated notes of one topic are made of. Every part is written so that it fits any template.
struct SimulatedTopic: Sendable {
    /// The category it belongs to.
    let category: String
    /// Its hashtags, the main one first.
    let hashtags: [String]
    /// Plural nouns: "rye loaves".
    let things: [String]
    /// Gerund phrases: "baking with rye flour".
    let acts: [String]
    /// Prepositional phrases: "in a small kitchen".
    let places: [String]
    /// Whole sentences that hold for the topic.
    let tips: [String]

    /// All topics, in a fixed order.
    static let all = kitchen + outdoors + making + living + screens + moving
}

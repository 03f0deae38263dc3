/// The topics that the stages speak through, by their names without prefix.
public enum TopicName: String, CaseIterable, Sendable {
    /// Notes as posted and edited; key: note id.
    case notes
    /// Clicks, ticks and forgotten users; key: user id.
    case clicks
    /// Embeddings, categories and hashtags; key: note id and model version.
    case noteProfiles = "note-profiles"
    /// Changes of pair scores; key: source note id.
    case cooccurrence
    /// Changes of clicks per note and hour; key: note id.
    case activity
    /// Related notes; key: note id.
    case noteRecommendations = "note-recommendations"
    /// The newest and most active notes; key: category.
    case trending
    /// Model versions in chunks.
    case modelUpdates = "model-updates"
    /// Records that no stage could read.
    case deadLetters = "dead-letters"

    static let legalCharacters = "only letters, digits, '.', '_' and '-' can be used here, at most 200"

    /// Whether a text may be part of a topic's, group's or instance's name.
    static func isLegal(_ text: String) -> Bool {
        text.utf8.count <= 200
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

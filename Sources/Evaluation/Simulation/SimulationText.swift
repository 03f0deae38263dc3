import Tensors

/// Writes the title and the body of a simulated note: templates filled with a topic's parts.
struct SimulationText {
    /// A note's words.
    struct Words: Equatable {
        let title: String
        let content: String
        let hashtags: [String]
    }

    private static let titles = [
        "{Acts} {place}", "{Things} {place}: what worked", "How I got the hang of {acts}",
        "A beginner's guide to {acts}", "{Things} or {things2}?", "My favourite {things} this year",
        "Three mistakes I made {acts}", "What a month of {acts} taught me", "Notes on {things}",
        "Is {acts} worth the trouble?", "{Acts} and {acts2}: a diary", "Everything I know about {things}",
        "{Acts} {place}, without fuss", "What nobody says about {things}", "Questions about {acts}, answered",
    ]

    private static let openings = [
        "I have been {acts} {place} for a while now, and this is what stayed with me.",
        "Somebody asked how I manage {acts} {place}, so here is the long answer.",
        "Last week everything went wrong, and I learned more about {acts} than in the whole year before.",
        "This is for everyone who thinks that {acts} is not for them.",
        "There is a lot of advice about {things}, and most of it costs money.",
        "It began with {things} that a neighbour gave away.",
        "Nobody told me how calming {acts} can be.",
    ]

    private static let middles = [
        "What surprised me most is how much {things} change when you stop hurrying.",
        "I compared {things} and {things2} for a month and kept a list.",
        "The hardest part is {acts2}, and it gets easier after the third try.",
        "If you are new to this, begin with {acts2} and leave the rest for later.",
        "With {things} I would never save money again, but with {things2} I would.",
        "My friends laughed at first and now ask me about {things}.",
    ]

    private static let closings = [
        "Tell me what you would do differently.", "Next time I will show how it turned out.",
        "It is slower this way, and I like it.", "I would love to hear how others go about {acts}.",
        "None of this is a secret, but I wish I had read it earlier.", "More pictures soon.",
        "That is all: start small and start today.",
    ]

    /// One note of `topic`.
    static func write(_ topic: SimulatedTopic, _ generator: inout SplitMix64) -> Words {
        let things = generator.shuffled(topic.things)
        let acts = generator.shuffled(topic.acts)
        let slots = [
            "things": things[0], "things2": things[1], "acts": acts[0], "acts2": acts[1],
            "place": generator.pick(topic.places),
        ]
        let tips = generator.shuffled(topic.tips)
        var sentences = [generator.pick(openings), tips[0], generator.pick(middles), tips[1]]
        if generator.chance(0.4) { sentences.append(tips[2]) }
        sentences.append(generator.pick(closings))
        let extra = generator.shuffled(Array(topic.hashtags.dropFirst()))
        return Words(
            title: capitalised(fill(generator.pick(titles), slots)),
            content: sentences.map { capitalised(fill($0, slots)) }.joined(separator: " "),
            hashtags: [topic.hashtags[0]] + extra.prefix(1 + generator.below(2)))
    }

    /// Replaces `{name}` by its slot; `{Name}` means the same with a capital.
    private static func fill(_ template: String, _ slots: [String: String]) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            let name = rest[rest.index(after: open)..<close]
            let value = slots[name.lowercased()] ?? ""
            result += name.first?.isUppercase == true ? capitalised(value) : value
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private static func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}

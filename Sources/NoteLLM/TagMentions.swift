import LexicalIndex

/// The bonus of a hashtag whose words stand in the note's text: how often such a note carried the hashtag.
struct TagMentions: Sendable {
    /// Per hashtag, the share of training notes with its words in the title that carry it.
    let titlePrecisions: [Float]
    /// The same for the content.
    let contentPrecisions: [Float]
    private let words: TagWords

    init(tags: [String], titlePrecisions: [Float], contentPrecisions: [Float]) {
        words = TagWords(tags: tags)
        self.titlePrecisions = titlePrecisions
        self.contentPrecisions = contentPrecisions
    }

    /// The hashtags, by position, whose words all stand in `field`.
    func mentioned(in field: String) -> [Int] { words.mentioned(in: field) }
}

/// Finds which of a list of hashtags have all their words in a text, whatever the order, with plurals folded.
package struct TagWords: Sendable {
    /// Each hashtag's words; none for one of symbols only, which is never found.
    private let words: [[String]]
    /// The hashtags by their first word.
    private let byFirstWord: [String: [Int]]

    package init(tags: [String]) {
        words = tags.map { Self.folded($0.splitAtCapitals()) }
        var byFirstWord: [String: [Int]] = [:]
        for (tag, words) in words.enumerated() {
            if let first = words.first { byFirstWord[first, default: []].append(tag) }
        }
        self.byFirstWord = byFirstWord
    }

    /// The hashtags found in `text`, by position, ascending.
    package func mentioned(in text: String) -> [Int] {
        let present = Set(Self.folded(text))
        var found: [Int] = []
        for word in present {
            for tag in byFirstWord[word] ?? [] where words[tag].allSatisfy(present.contains) { found.append(tag) }
        }
        return found.sorted()
    }

    private static func folded(_ text: String) -> [String] { Terms.split(text).map(singular) }

    /// A light English stemmer for nouns: `breweries` → `brewery`, `glasses` → `glass`, `beers` → `beer`.
    package static func singular(_ word: String) -> String {
        guard word.utf8.count > 3, word.hasSuffix("s") else { return word }
        if word.hasSuffix("ies") { return word.dropLast(3) + "y" }
        if ["sses", "xes", "zes", "ches", "shes"].contains(where: word.hasSuffix) { return String(word.dropLast(2)) }
        return word.hasSuffix("ss") || word.hasSuffix("us") ? word : String(word.dropLast())
    }
}

extension String {
    /// `craftBeer` → `craft Beer`: many hashtags run their words together.
    fileprivate func splitAtCapitals() -> String {
        var result = ""
        var previousIsLower = false
        for character in self {
            if previousIsLower && character.isUppercase { result.append(" ") }
            result.append(character)
            previousIsLower = character.isLowercase
        }
        return result
    }
}

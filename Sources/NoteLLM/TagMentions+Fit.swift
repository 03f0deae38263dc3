/// Which hashtags' words stand in which training notes, found once and counted for any part of them.
struct MentionTable {
    /// Per note, the hashtags mentioned in its title, ascending.
    let titles: [[Int]]
    /// Per note, the hashtags mentioned in its content, ascending.
    let contents: [[Int]]
    let tags: [String]

    init(texts: [NoteText], tags: [String]) {
        let words = TagWords(tags: tags)
        titles = texts.map { words.mentioned(in: $0.title) }
        contents = texts.map { words.mentioned(in: $0.content) }
        self.tags = tags
    }

    /// The bonus as counted over the `training` notes.
    func fit(labels: LabelTable, training: [Int]) -> TagMentions {
        TagMentions(
            tags: tags, titlePrecisions: precisions(of: titles, labels: labels, training: training),
            contentPrecisions: precisions(of: contents, labels: labels, training: training))
    }

    /// Per hashtag (right + 2 · all hashtags' precision) / (mentions + 2).
    private func precisions(of mentions: [[Int]], labels: LabelTable, training: [Int]) -> [Float] {
        var mentioned = [Double](repeating: 0, count: tags.count)
        var right = mentioned
        for note in training {
            for tag in mentions[note] {
                mentioned[tag] += 1
                if labels.rows[note].contains(tag) { right[tag] += 1 }
            }
        }
        let overall = right.reduce(0, +) / max(mentioned.reduce(0, +), 1)
        return tags.indices.map { Float((right[$0] + 2 * overall) / (mentioned[$0] + 2)) }
    }
}

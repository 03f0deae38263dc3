/// A note that may stand in another note's list.
public struct RelatedCandidate: Sendable, Equatable {
    /// The note's label in the indexes.
    public var label: UInt32
    /// The note's id.
    public var note: [UInt8]
    /// What is known of the pair.
    public var features: RelatedFeatures
    /// A hashtag that both notes carry; it names the reason and does not enter the score, since tags are themselves
    /// read from the text.
    public var sharedHashtag: String?

    /// A candidate from its parts.
    public init(label: UInt32, note: [UInt8], features: RelatedFeatures, sharedHashtag: String? = nil) {
        self.label = label
        self.note = note
        self.features = features
        self.sharedHashtag = sharedHashtag
    }
}

/// One place of a ranked list, with its score, the parts it came from and the reason in words.
public struct RankedNote: Sendable, Equatable {
    /// The note's id.
    public var note: [UInt8]
    /// The note's label in the indexes; 0 where there are none.
    public var label: UInt32
    /// The blended score; comparable within one list only.
    public var score: Double
    /// The parts.
    public var features: RelatedFeatures
    /// Why the note is here, for people: `clicked after this by 14 people`, `similar text`, `same words`, `same hashtag #hops`, ...
    public var reason: String

    /// A place from its parts.
    public init(note: [UInt8], label: UInt32 = 0, score: Double, features: RelatedFeatures, reason: String) {
        self.note = note
        self.label = label
        self.score = score
        self.features = features
        self.reason = reason
    }

    /// Better first; equal scores by id bytes.
    static func precedes(_ first: RankedNote, _ second: RankedNote) -> Bool {
        if first.score != second.score { return first.score > second.score }
        return first.note.lexicographicallyPrecedes(second.note)
    }
}

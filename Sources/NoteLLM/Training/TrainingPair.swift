/// Two notes that belong together: what contrastive training learns from.
public struct TrainingPair: Sendable, Hashable {
    /// Position of the one note among the notes trained on.
    public let source: Int
    /// Position of the other.
    public let target: Int
    /// How much the pair counts in its batch; the paper counts all alike.
    public let weight: Float

    /// A pair; both notes are asked for each other.
    public init(source: Int, target: Int, weight: Float = 1) {
        self.source = source
        self.target = target
        self.weight = weight
    }
}

/// Which notes are known to belong together, in either direction: no negatives of each other.
public struct KnownPairs: Sendable {
    /// The partners of note n, ascending, are `partners[offsets[n]..<offsets[n + 1]]`.
    private let offsets: [Int32]
    private let partners: [Int32]

    /// - Parameters:
    ///   - pairs: positions of notes, all below `notes`.
    ///   - notes: how many notes there are.
    public init(_ pairs: [TrainingPair], notes: Int) {
        // Both directions as one sortable number each, doubles dropped.
        let directed = Set(pairs.flatMap { [$0.source << 32 | $0.target, $0.target << 32 | $0.source] }).sorted()
        var offsets = [Int32](repeating: 0, count: notes + 1)
        for pair in directed { offsets[pair >> 32 + 1] += 1 }
        for note in 0..<notes { offsets[note + 1] += offsets[note] }
        self.offsets = offsets
        partners = directed.map { Int32($0 & 0xffff_ffff) }
    }

    /// The notes known to belong with `note`, ascending.
    public func partners(of note: Int) -> ArraySlice<Int32> { partners[Int(offsets[note])..<Int(offsets[note + 1])] }
}

/// A named key space of a store, with the operator its merges use.
public struct ColumnFamily: Hashable, Sendable {
    /// The name on disk.
    public let name: String
    /// How merge operands fold into a value; nil when the family takes none.
    public let merge: MergeOperator?

    /// A family; the merge operator is part of its format and must never change for stored data.
    public init(_ name: String, merge: MergeOperator? = nil) {
        self.name = name
        self.merge = merge
    }
}

/// How operands fold into a stored value. All are sums, so the order of operands never matters.
public enum MergeOperator: Int, Hashable, Sendable {
    /// Operand and value: an `Int64`, little endian. Sums wrap around. A missing value counts as 0.
    case sum64 = 1
    /// Value: a sorted map from key bytes to `Int64`; operand: such a list in any order, repeats allowed (see
    /// ``DeltaMap``). Zero sums are dropped; a map that lost all its entries stays behind as an empty value.
    case deltas
    /// As ``deltas``, with two numbers a key, each summed by itself; a key whose sums are both zero is dropped.
    case deltaPairs

    /// Stored in the database's options; part of the format.
    var persistentName: StaticString {
        switch self {
        case .sum64: "notestream.sum64"
        case .deltas: "notestream.deltas"
        case .deltaPairs: "notestream.delta-pairs"
        }
    }
}

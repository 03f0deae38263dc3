/// What can go wrong in reading a model's files and in running it.
public struct LanguageModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The class of failure, for code that decides.
    public enum Kind: Equatable, Sendable {
        /// The file cannot be opened or mapped.
        case unreadable
        /// The file ends early or contradicts itself.
        case malformed
        /// The file is sound, but asks for something this reader does not do.
        case unsupported
        /// OpenBLAS computes wrong products on this processor.
        case wrongArithmetic
        /// A token id is outside the vocabulary.
        case tokenOutOfRange
        /// More positions than the model was made for.
        case contextFull
        /// A cache of another model, or deeper than this one.
        case wrongCache
        /// An adapter that does not fit this model.
        case wrongAdapter
    }

    /// The class of failure.
    public let kind: Kind
    /// What happened, where, and what to do.
    public let message: String

    /// An error of the given kind.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

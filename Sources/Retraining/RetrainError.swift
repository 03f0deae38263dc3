/// Why there was no training.
public struct RetrainError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: Sendable, Equatable {
        /// There is too little to learn from, or it does not fit together.
        case data
        /// A file of the retrain or models folder cannot be used.
        case file
        /// The base model or the serving version cannot be used.
        case model
    }

    /// The kind of failure.
    public let kind: Kind
    /// What happened, to what, and what to do.
    public let message: String

    /// An error of `kind`, said in plain words.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

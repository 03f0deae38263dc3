/// What went wrong in reading notes or in making, sending or loading a model version.
public struct NoteLLMError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is, for a caller that decides what to do.
    public enum Kind: Sendable, Equatable {
        /// The base language model refused its input.
        case languageModel
        /// A model version's artefact is damaged or breaks a bound.
        case artefact
        /// Chunks of an artefact are missing, doubled or not of the announced version.
        case chunks
        /// Too few distinct notes to learn from.
        case tooFewNotes
        /// Numbers do not have the shape that the model version or the base model has.
        case shape
        /// A computation gave no finite result.
        case numeric
        /// A file could not be read.
        case file
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

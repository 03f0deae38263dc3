import Ranking
import StateStore

/// Why an evaluation could not be finished.
public enum EvaluationError: Error, Sendable, CustomStringConvertible {
    /// A log file.
    case file(LogFileError)
    /// The store that holds the replayed state.
    case store(StoreError)
    /// The fit.
    case fit(WeightFitError)
    /// The language model or the model version.
    case model(String)
    /// The log is too small, or embeddings do not fit it.
    case input(String)
    /// Anything else.
    case unexpected(String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .store(let error): "The replayed state's store: \(error)"
        case .fit(let error): error.description
        case .model(let text), .input(let text), .unexpected(let text): text
        }
    }
}

/// What is wrong with the configuration, and where to put it right.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file and line, or the environment variable; nil where neither is to blame.
    public let place: Place?
    /// The setting, as in `recommend.list_size`; empty for a file as a whole.
    public let setting: String
    /// What was found and what to do, in a sentence.
    public let message: String

    init(_ place: Place?, setting: String = "", _ message: String) {
        self.place = place
        self.setting = setting
        self.message = message
    }

    /// `notestream.yaml:12: recommend.list_size: 'many' is not …`
    public var description: String {
        [place?.description, setting.isEmpty ? nil : setting, message].compactMap(\.self).joined(separator: ": ")
    }
}

/// Where a value was written.
public enum Place: Hashable, Sendable, CustomStringConvertible {
    /// A line of a file, counted from 1.
    case file(String, line: Int)
    /// An environment variable's name.
    case environment(String)

    /// `file:line` or the variable.
    public var description: String {
        switch self {
        case .file(let file, let line): "\(file):\(line)"
        case .environment(let name): "environment variable \(name)"
        }
    }
}

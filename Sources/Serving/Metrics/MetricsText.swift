import Pipeline

/// Metrics in Prometheus' text format, version 0.0.4. Names carry their units, as its conventions ask.
package struct MetricsText {
    /// What a metric is.
    package enum Kind: String { case counter, gauge, histogram }

    package private(set) var text = ""

    package init() {}

    /// Begins a metric: its samples follow.
    package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample.
    package mutating func sample(_ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    /// A metric of one sample for each of some things.
    package mutating func family(
        _ name: String, _ kind: Kind, _ help: String,
        _ samples: [(labels: [(name: String, value: String)], value: Double)]
    ) {
        begin(name, kind, help)
        for (labels, value) in samples { sample(name, labels, value) }
    }

    /// A histogram for each of some things.
    package mutating func histograms(
        _ name: String, _ help: String, _ samples: [(labels: [(name: String, value: String)], Histogram)]
    ) {
        begin(name, .histogram, help)
        for (labels, histogram) in samples {
            var below = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                below += count
                sample(name + "_bucket", labels + [("le", String(bound))], Double(below))
            }
            sample(name + "_bucket", labels + [("le", "+Inf")], Double(histogram.count))
            sample(name + "_sum", labels, histogram.sum)
            sample(name + "_count", labels, Double(histogram.count))
        }
    }

    private static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}

extension Command {
    /// Finds the command that `words` name, and runs it. Help and usage errors go through `write`.
    func run(_ words: ArraySlice<String>, path: [String] = [], write: (String) -> Void) throws -> ExitCode {
        let path = path + [name]
        if !subcommands.isEmpty, action == nil {
            guard let word = words.first, word != "--help", word != "-h" else {
                write(help(path))
                return words.isEmpty ? .usage : .success
            }
            guard let next = subcommands.first(where: { $0.name == word }) else {
                let near = subcommands.map(\.name).min { distance($0, word) < distance($1, word) } ?? ""
                throw UsageError(
                    "unknown command '\(word)'; did you mean '\(near)'? See '\(path.joined(separator: " ")) --help'")
            }
            return try next.run(words.dropFirst(), path: path, write: write)
        }
        let arguments: Arguments?
        do {
            arguments = try Arguments(words, for: self)
        } catch {
            throw UsageError("\(error); see '\(path.joined(separator: " ")) --help'")
        }
        guard let arguments, let action else {
            write(help(path))
            return .success
        }
        return try action(arguments)
    }

    /// The help text: what it does, how to call it, what it takes.
    func help(_ path: [String]) -> String {
        var usage = path.joined(separator: " ")
        for operand in operands { usage += " <\(operand)>" }
        if !subcommands.isEmpty { usage += " <command>" }
        if !options.isEmpty { usage += " [options]" }
        var text = "\(summary)\n\nUsage: \(usage)\n"
        if !discussion.isEmpty { text += "\n\(discussion)\n" }
        text += table("Commands", subcommands.map { ($0.name, $0.summary) })
        text += table(
            "Options",
            options.map { option in
                let left = option.name + (option.value.map { " " + $0 } ?? "")
                return (left, option.help + (option.fallback.map { " (default: \($0))" } ?? ""))
            } + [("--help", "show this text")])
        return text
    }

    private func table(_ title: String, _ rows: [(left: String, right: String)]) -> String {
        guard let width = rows.map(\.left.count).max(), !(rows.count == 1 && title == "Commands") else { return "" }
        return rows.reduce(into: "\n\(title):\n") { text, row in
            text += "  " + row.left + String(repeating: " ", count: width - row.left.count + 2) + row.right + "\n"
        }
    }

    /// Levenshtein's distance, to guess which command was meant.
    private func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}

import StateStore

extension LexicalIndex {
    /// Fills the empty index from its rows.
    func load() throws(StoreError) {
        guard let stored = try store.get(Rows.documents, rows.parametersKey) else { return }
        guard stored == rows.parametersValue(parameters) else {
            throw StoreError(
                .invalidArgument, path: store.path,
                "the stored lexical index was made with another title weight than \(parameters.titleWeight); use that, or"
                    + " another namespace")
        }
        isRecorded = true
        try store.scan(Rows.documents, prefix: rows.documentsPrefix) { key, value throws(StoreError) in
            let label = try rows.label(ofKey: key)
            add(label, try Rows.terms(value, of: label))
            return true
        }
    }

    /// What is wrong with the index in memory, in plain words; empty when it is sound.
    public func checkInvariants() -> [String] {
        var problems: [String] = []
        var occurrences = 0
        var length = 0
        for (label, slot) in slots {
            let document = documents[Int(slot)]
            if document.label != label { problems.append("slot \(slot) is not that of label \(label)") }
            occurrences += document.terms.count
            length += Int(lengths[Int(slot)])
            var sum = 0
            for number in document.terms {
                let frequency = postings[Int(number)].frequency(in: slot)
                if frequency == 0 { problems.append("label \(label) is missing from a term's postings") }
                sum += Int(frequency)
            }
            if sum != lengths[Int(slot)] { problems.append("label \(label) is \(sum) long, not \(lengths[Int(slot)])") }
        }
        if length != totalLength { problems.append("documents are \(length) long, not \(totalLength)") }
        if postings.reduce(0, { $0 + $1.count }) != occurrences {
            problems.append("postings of documents that are gone")
        }
        if postings.count(where: { $0.count > 0 }) != vocabulary.count { problems.append("terms without documents") }
        if slots.count + freeSlots.count != documents.count { problems.append("slots neither used nor free") }
        for list in postings where zip(list.entries, list.entries.dropFirst()).contains(where: { $0.slot >= $1.slot }) {
            problems.append("postings out of order")
        }
        return problems
    }

    /// What differs between the index in memory and its rows, as `reader` sees them: the batch of the last change, or the
    /// store after its commit.
    public func checkRows(in reader: some StateReader) throws(StoreError) -> [String] {
        var problems: [String] = []
        var seen = 0
        try reader.scan(Rows.documents, prefix: rows.documentsPrefix) { key, value throws(StoreError) in
            seen += 1
            let label = try rows.label(ofKey: key)
            guard let slot = slots[label] else {
                problems.append("the row of label \(label) should not be there")
                return true
            }
            let terms = documents[Int(slot)].terms.map { number in
                Rows.Term(
                    text: vocabulary.terms[Int(number)], frequency: postings[Int(number)].frequency(in: slot))
            }
            if !Rows.documentValue(terms).elementsEqual(value) { problems.append("the row of label \(label) differs") }
            return true
        }
        if seen != count { problems.append("\(seen) rows, \(count) documents") }
        return problems
    }
}

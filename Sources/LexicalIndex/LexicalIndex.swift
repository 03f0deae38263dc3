import StateStore

/// Full-text search by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, section 3.1), kept up to
/// date document by document: postings in memory, rebuilt from one stored row a document.
///
/// Every change is staged in the caller's batch and is visible to searches at once; after a batch that was discarded instead
/// of committed, call ``reload()``. Document frequencies and lengths are exact after every change. Indexes of different
/// namespaces live beside each other in one store.
///
/// Owned by one thread.
public final class LexicalIndex {
    /// The column families that the store must be opened with.
    public static let families = [Rows.documents]

    /// What the index was made with.
    public let parameters: LexicalParameters
    let store: Store
    let rows: Rows
    var isRecorded = false

    var vocabulary = Vocabulary()
    /// By term number.
    var postings: [Postings] = []
    var slots: [UInt32: UInt32] = [:]
    /// By slot; free slots have no terms.
    var documents: [Document] = []
    var freeSlots: [UInt32] = []
    /// Sum of the lengths of all documents.
    var totalLength = 0
    /// The length of each slot's document, the sum of its terms' frequencies; apart, because searches read it at random.
    var lengths: [UInt32] = []

    struct Document {
        var label: UInt32
        /// The numbers of its distinct terms, in the terms' order.
        var terms: [UInt32]
    }

    /// Loads the index of `namespace`, which may be empty.
    ///
    /// - Throws: `.invalidArgument` when the stored rows were made with another title weight, `.corrupted` for rows that
    ///   cannot be read, and what the store throws.
    public init(
        store: Store, namespace: [UInt8], parameters: LexicalParameters = LexicalParameters()
    ) throws(StoreError) {
        self.store = store
        self.parameters = parameters
        rows = Rows(namespace: namespace)
        try load()
    }

    /// How many documents are in the index.
    public var count: Int { slots.count }

    /// The labels, in no order.
    public var labels: some Collection<UInt32> { slots.keys }

    /// Whether `label` is in the index.
    public func contains(_ label: UInt32) -> Bool { slots[label] != nil }

    /// Adds `label`, or changes its text. A text without terms is a document too.
    public func insert(_ label: UInt32, title: String, content: String, in batch: Batch) throws(StoreError) {
        var frequencies: [String: Int] = [:]
        for term in Terms.split(title) { frequencies[term, default: 0] += parameters.titleWeight }
        for term in Terms.split(content) { frequencies[term, default: 0] += 1 }
        try insert(label, terms: frequencies, in: batch)
    }

    /// Adds `label`, or changes its terms, given with the weighted number of their occurrences. Numbers outside 1...65,535
    /// are brought inside.
    public func insert(_ label: UInt32, terms: [String: Int], in batch: Batch) throws(StoreError) {
        let sorted = terms.map { Rows.Term(text: $0.key, frequency: UInt16(max(1, min(65_535, $0.value)))) }
            .sorted { $0.text < $1.text }
        let value = Rows.documentValue(sorted)
        if contains(label) {
            if try batch.get(Rows.documents, rows.document(label)) == value { return }
            try remove(label, in: batch)
        }
        if !isRecorded {
            try batch.put(Rows.documents, rows.parametersKey, rows.parametersValue(parameters))
            isRecorded = true
        }
        try batch.put(Rows.documents, rows.document(label), value)
        add(label, sorted)
    }

    /// Takes `label` out; nothing happens when it is not there.
    public func remove(_ label: UInt32, in batch: Batch) throws(StoreError) {
        guard let slot = slots[label] else { return }
        try batch.delete(Rows.documents, rows.document(label))
        drop(label, slot)
    }

    /// Deletes the rows of a namespace. An index that is open on it is of no more use.
    public static func wipe(namespace: [UInt8], in batch: Batch) throws(StoreError) {
        try batch.wipe(Rows.documents, prefix: Rows(namespace: namespace).prefix)
    }

    /// Reads everything again from the store: after a batch was discarded.
    public func reload() throws(StoreError) {
        forgetAll()
        try load()
    }

    // MARK: In memory

    /// Adds a document that is not there yet; its terms are distinct and sorted.
    func add(_ label: UInt32, _ terms: [Rows.Term]) {
        let slot = freeSlots.popLast() ?? UInt32(documents.count)
        if Int(slot) == documents.count {
            documents.append(Document(label: label, terms: []))
            lengths.append(0)
        }
        var document = Document(label: label, terms: [])
        var length = 0
        document.terms.reserveCapacity(terms.count)
        for term in terms {
            let number = vocabulary.intern(term.text)
            if Int(number) == postings.count { postings.append(Postings()) }
            postings[Int(number)].insert(slot, frequency: term.frequency)
            document.terms.append(number)
            length += Int(term.frequency)
        }
        lengths[Int(slot)] = UInt32(clamping: length)
        totalLength += Int(lengths[Int(slot)])
        documents[Int(slot)] = document
        slots[label] = slot
    }

    private func drop(_ label: UInt32, _ slot: UInt32) {
        for number in documents[Int(slot)].terms {
            postings[Int(number)].remove(slot)
            if postings[Int(number)].count == 0 { vocabulary.forget(number) }
        }
        totalLength -= Int(lengths[Int(slot)])
        lengths[Int(slot)] = 0
        documents[Int(slot)] = Document(label: 0, terms: [])
        slots[label] = nil
        freeSlots.append(slot)
    }

    private func forgetAll() {
        vocabulary = Vocabulary()
        postings = []
        slots = [:]
        documents = []
        freeSlots = []
        totalLength = 0
        lengths = []
        isRecorded = false
    }
}

/// The notes that are alive under the served model version, by a dense number ("label") that the indexes use.
package struct NoteTable {
    /// What ranking and the lists need of a note.
    package struct Note {
        package var id: [UInt8]
        package var contentHash: String
        /// Event time of the note's creation, milliseconds.
        package var created: Int64
        package var category: String
        package var hashtags: [String]

        /// A note from its parts.
        package init(id: [UInt8], contentHash: String, created: Int64, category: String, hashtags: [String]) {
            self.id = id
            self.contentHash = contentHash
            self.created = created
            self.category = category
            self.hashtags = hashtags
        }
    }

    private var labels: [[UInt8]: UInt32] = [:]
    private var notes: [Note?] = []
    private var free: [UInt32] = []

    /// No notes.
    package init() {}

    /// How many notes are alive.
    package var count: Int { labels.count }

    /// One more than the highest label ever used.
    package var capacity: Int { notes.count }

    package func label(of id: [UInt8]) -> UInt32? { labels[id] }

    package subscript(_ label: UInt32) -> Note? { Int(label) < notes.count ? notes[Int(label)] : nil }

    package subscript(id id: [UInt8]) -> Note? { labels[id].flatMap { self[$0] } }

    /// The label a new note would get.
    package var nextLabel: UInt32 { free.last ?? UInt32(notes.count) }

    /// Puts a note at a label, in place of what stood there.
    package mutating func insert(_ note: Note, at label: UInt32) {
        if Int(label) >= notes.count {
            free.append(contentsOf: UInt32(notes.count)..<label)
            notes.append(contentsOf: repeatElement(nil, count: Int(label) + 1 - notes.count))
        } else if let old = notes[Int(label)] {
            labels[old.id] = nil
        } else if free.last == label {
            free.removeLast()
        } else if let place = free.firstIndex(of: label) {
            free.remove(at: place)
        }
        notes[Int(label)] = note
        labels[note.id] = label
    }

    /// Takes a note out; its label is free for another.
    package mutating func remove(_ id: [UInt8]) -> UInt32? {
        guard let label = labels.removeValue(forKey: id) else { return nil }
        notes[Int(label)] = nil
        free.append(label)
        return label
    }

    /// Visits the living notes in the order of their labels.
    package func forEach(_ body: (UInt32, Note) throws -> Void) rethrows {
        for (label, note) in notes.enumerated() {
            if let note { try body(UInt32(label), note) }
        }
    }
}

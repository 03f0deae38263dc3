/// The notes that are alive under the served model version, by a dense number ("label") that the indexes use.
struct NoteTable {
    /// What ranking and the lists need of a note.
    struct Note {
        var id: [UInt8]
        var contentHash: String
        /// Event time of the note's creation, milliseconds.
        var created: Int64
        var category: String
        var hashtags: [String]
    }

    private var labels: [[UInt8]: UInt32] = [:]
    private var notes: [Note?] = []
    private var free: [UInt32] = []

    /// How many notes are alive.
    var count: Int { labels.count }

    /// One more than the highest label ever used.
    var capacity: Int { notes.count }

    func label(of id: [UInt8]) -> UInt32? { labels[id] }

    subscript(_ label: UInt32) -> Note? { Int(label) < notes.count ? notes[Int(label)] : nil }

    subscript(id id: [UInt8]) -> Note? { labels[id].flatMap { self[$0] } }

    /// The label a new note would get.
    var nextLabel: UInt32 { free.last ?? UInt32(notes.count) }

    /// Puts a note at a label, in place of what stood there.
    mutating func insert(_ note: Note, at label: UInt32) {
        while notes.count <= Int(label) {
            if notes.count < Int(label) { free.append(UInt32(notes.count)) }
            notes.append(nil)
        }
        if free.last == label {
            free.removeLast()
        } else if let place = free.firstIndex(of: label) {
            free.remove(at: place)
        }
        notes[Int(label)] = note
        labels[note.id] = label
    }

    /// Takes a note out; its label is free for another.
    mutating func remove(_ id: [UInt8]) -> UInt32? {
        guard let label = labels.removeValue(forKey: id) else { return nil }
        notes[Int(label)] = nil
        free.append(label)
        return label
    }

    /// Visits the living notes in the order of their labels.
    func forEach(_ body: (UInt32, Note) throws -> Void) rethrows {
        for (label, note) in notes.enumerated() {
            if let note { try body(UInt32(label), note) }
        }
    }
}

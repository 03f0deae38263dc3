/// The open streams, and who waits for which note.
struct StreamRegistry {
    private var all: [ObjectIdentifier: NoteStream] = [:]
    private var unfiltered: Set<ObjectIdentifier> = []
    private var byNote: [String: Set<ObjectIdentifier>] = [:]
    /// Streams that read the log by themselves.
    var catchUps = 0
    var isStopped = false

    var count: Int { all.count }
    var streams: [NoteStream] { Array(all.values) }

    mutating func add(_ stream: NoteStream) {
        let id = ObjectIdentifier(stream)
        all[id] = stream
        if stream.notes.isEmpty { unfiltered.insert(id) }
        for note in stream.notes { byNote[note, default: []].insert(id) }
    }

    mutating func remove(_ stream: NoteStream) {
        let id = ObjectIdentifier(stream)
        guard all.removeValue(forKey: id) != nil else { return }
        unfiltered.remove(id)
        for note in stream.notes {
            byNote[note]?.remove(id)
            if byNote[note]?.isEmpty == true { byNote[note] = nil }
        }
    }

    /// Who wants to hear of events with these numbers, and from which on.
    func interested(in events: [(number: Int, note: String)]) -> [(stream: NoteStream, from: Int)] {
        guard let first = events.first?.number else { return [] }
        var from: [ObjectIdentifier: Int] = [:]
        for event in events {
            for id in byNote[event.note] ?? [] where from[id] == nil { from[id] = event.number }
        }
        for id in unfiltered { from[id] = first }
        return from.compactMap { id, number in all[id].map { ($0, number) } }
    }
}
